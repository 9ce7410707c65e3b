"""What `make up` does before there is a virtual environment."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest
from django.conf import settings

SCRIPTS = Path(settings.BASE_DIR) / "scripts"
Usage = namedtuple("Usage", "total used free")


def bootstrap_sh(tmp_path, **environment):
    """The shell's half, with nothing on PATH but what a test puts there."""
    (tmp_path / "bin").mkdir(exist_ok=True)
    environment = {"PATH": str(tmp_path / "bin"), **environment}
    command = [shutil.which("sh"), str(SCRIPTS / "bootstrap.sh"), "app"]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def fake_python(tmp_path, name, script):
    (tmp_path / "bin").mkdir(exist_ok=True)
    program = tmp_path / "bin" / name
    program.write_text(f"#!{shutil.which('sh')}\n{script}\n")
    program.chmod(0o755)


@pytest.fixture
def bootstrap(monkeypatch, tmp_path):
    """bootstrap.py as a module, in a checkout of its own."""
    spec = importlib.util.spec_from_file_location("bootstrap", SCRIPTS / "bootstrap.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    shutil.copytree(SCRIPTS.parent / "requirements", tmp_path / "requirements")
    shutil.copy(SCRIPTS.parent / "pyproject.toml", tmp_path)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    return module


def test_a_missing_python_is_one_line(tmp_path):
    done = bootstrap_sh(tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("Python 3.11 or 3.12 is needed and none was found")
    assert len(done.stderr.splitlines()) == 1


def test_a_shim_without_its_python_is_passed_over(tmp_path):
    fake_python(tmp_path, "python3.11", "echo 'pyenv: python3.11: command not found' >&2; exit 127")
    done = bootstrap_sh(tmp_path)
    assert len(done.stderr.splitlines()) == 1


def test_the_first_python_that_suits_is_taken(tmp_path):
    fake_python(tmp_path, "python3.11", "exit 1")
    fake_python(tmp_path, "python3.12", '[ "$1" = -c ] || echo "took $0 $2"')
    done = bootstrap_sh(tmp_path)
    assert done.stdout == f"took {tmp_path}/bin/python3.12 app\n"


def test_a_named_python_that_does_not_suit_is_told(tmp_path):
    done = bootstrap_sh(tmp_path, PYTHON="/no/such/python")
    assert done.stderr == "PYTHON=/no/such/python is not a working Python 3.11 or 3.12.\n"


def test_little_room_is_one_sentence(bootstrap, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(0, 0, 5_000_000))
    with pytest.raises(bootstrap.Trouble, match="5 MB left and 2000 MB are needed"):
        bootstrap._install("app")


def test_a_failed_step_names_itself_and_leaves_no_stamp(bootstrap, monkeypatch, capsys):
    failing = [sys.executable, "-c", "raise SystemExit(3)"]
    monkeypatch.setattr(bootstrap, "_steps", lambda wanted: iter([("Installing torch", failing)]))
    monkeypatch.setattr(sys, "argv", ["bootstrap.py", "app"])
    with pytest.raises(SystemExit, match="This step failed: Installing torch"):
        bootstrap.main()
    assert not (bootstrap.VENV / ".installed-app").exists()
    assert "[1/1] Installing torch" in capsys.readouterr().out


def test_torch_is_installed_first_and_alone(bootstrap):
    titles = [title for title, _ in bootstrap._steps("dev")]
    assert titles[0] == "Making .venv"
    assert titles[1].startswith("Installing torch")
    assert titles[2:4] == ["Installing requirements/app.txt", "Installing requirements/dev.txt"]


def test_a_second_start_installs_nothing(bootstrap, monkeypatch):
    bootstrap.PYTHON.parent.mkdir(parents=True)
    bootstrap.PYTHON.symlink_to(sys.executable)
    (bootstrap.VENV / ".installed-app").write_text(bootstrap._fingerprint("app"))
    monkeypatch.setattr(sys, "argv", ["bootstrap.py", "app"])
    monkeypatch.setattr(bootstrap, "_install", lambda wanted: pytest.fail("installed again"))
    bootstrap.main()


@pytest.mark.parametrize("file", ["requirements/app.txt", "pyproject.toml"])
def test_a_changed_pin_installs_again(bootstrap, file):
    before = bootstrap._fingerprint("app")
    with (bootstrap.ROOT / file).open("a") as lock:
        lock.write("\n# changed\n")
    assert bootstrap._fingerprint("app") != before


def test_a_copied_environment_is_made_anew(bootstrap):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bootstrap.VENV], check=True)
    pip = bootstrap.VENV / "bin" / "pip"
    pip.write_text("#!/somewhere/else/.venv/bin/python\n")
    assert bootstrap._must_be_made()
    pip.write_text(f"#!{bootstrap.PYTHON}\n")
    assert not bootstrap._must_be_made()


def test_make_names_its_targets():
    shown = subprocess.run(
        ["make", "help"], cwd=settings.BASE_DIR, env=os.environ, capture_output=True, text=True
    )
    targets = {line.split()[0] for line in shown.stdout.splitlines()}
    assert {"up", "demo", "test", "lint", "lock", "vendor", "messages", "clean"} <= targets
