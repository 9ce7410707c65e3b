"""The supervisor of `manage.py up`, with real processes."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from config.start.processes import Service, Supervisor
from config.start.trouble import StartFailed

SECONDS = 20
SLEEPER = "import time; time.sleep(600)"
# Starts a process of its own and tells both numbers, as celery and gunicorn do with their workers.
PARENT = textwrap.dedent(
    """
    import os, pathlib, subprocess, sys, time
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    pathlib.Path(sys.argv[1]).write_text(f"{os.getpid()} {child.pid}")
    time.sleep(600)
    """
)
SUPERVISE = textwrap.dedent(
    """
    import sys
    from config.start.processes import Service, Supervisor
    service = Service("parent", (sys.executable, "-c", sys.argv[1], sys.argv[2]))
    Supervisor([service], print).run(lambda: True, lambda: print("ready", flush=True))
    print("stopped", flush=True)
    """
)


def service(code, *args, name="one", **options):
    return Service(name, (sys.executable, "-c", code, *map(str, args)), **options)


def wait_for(condition, what):
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def is_alive(pid):
    """A zombie waits for its parent to notice; it runs no more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def stop_when(condition):
    """Sends this very process the signal of Ctrl-C once `condition` holds."""

    def ready():
        if condition():
            os.kill(os.getpid(), signal.SIGINT)
        return condition()

    return ready


@pytest.fixture
def supervised(tmp_path):
    """A supervisor in a process of its own, with a service that has a child."""
    numbers = tmp_path / "pids"
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISE, PARENT, str(numbers)],
        stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    wait_for(lambda: numbers.exists() and len(numbers.read_text().split()) == 2, "no service")
    pids = [int(number) for number in numbers.read_text().split()]
    yield process, pids
    for pid in (process.pid, *pids):
        if is_alive(pid):
            os.kill(pid, signal.SIGKILL)
    process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_service_and_all_it_started(supervised, number):
    process, pids = supervised
    process.send_signal(number)
    assert process.wait(SECONDS) == 0
    assert [pid for pid in pids if is_alive(pid)] == []


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
def test_a_killed_supervisor_leaves_no_service_behind(supervised):
    process, (main, _child) = supervised
    process.kill()
    wait_for(lambda: not is_alive(main), "the service outlived its supervisor")


def test_a_service_that_dies_is_started_again(tmp_path):
    marks = tmp_path / "marks"
    dies_once = f"""
        import pathlib, time
        marks = pathlib.Path({str(marks)!r})
        lives = len(marks.read_text()) if marks.exists() else 0
        marks.write_text("x" * (lives + 1))
        if lives == 0: raise SystemExit(3)
        time.sleep(600)
    """
    said = []
    supervisor = Supervisor([service(textwrap.dedent(dies_once))], said.append)
    lived_twice = stop_when(lambda: marks.exists() and len(marks.read_text()) == 2)
    supervisor.run(lived_twice, lambda: None)
    assert any("ended (3), starts again" in line for line in said)


def test_a_service_that_leaves_a_child_with_its_output_is_started_again(tmp_path):
    numbers, said = tmp_path / "pids", []

    def kill_once():
        """True once a second life was seen; ends the first as `kill -9` does."""
        if not numbers.exists() or len(numbers.read_text().split()) != 2:
            return False
        main = int(numbers.read_text().split()[0])
        if not any("starts again" in line for line in said):
            os.kill(main, signal.SIGKILL)
            numbers.unlink()
            return False
        return True

    supervisor = Supervisor([service(PARENT, numbers)], said.append)
    supervisor.run(stop_when(kill_once), lambda: None)
    assert sum("ended (-9)" in line for line in said) == 1


def test_a_service_that_never_lives_ends_the_start_with_its_last_words():
    supervisor = Supervisor([service("raise SystemExit('no such module')")], lambda line: None)
    with pytest.raises(StartFailed, match="one process ends as soon as it starts: no such module"):
        supervisor.run(lambda: False, lambda: None)


def test_lines_carry_the_name_of_their_service():
    said = []
    supervisor = Supervisor([service("print('hello', flush=True);" + SLEEPER)], said.append)
    supervisor.run(stop_when(lambda: bool(said)), lambda: None)
    assert said[0] == "    one | hello"


def test_a_log_takes_the_output_from_the_terminal(tmp_path):
    log, said = tmp_path / "one.log", []
    quiet = service("print('hello', flush=True);" + SLEEPER, log=log)
    written = stop_when(lambda: log.exists() and log.stat().st_size > 0)
    Supervisor([quiet], said.append).run(written, lambda: None)
    assert (log.read_text(), said) == ("hello\n", [])


def test_a_foundation_is_stopped_last(tmp_path):
    says_goodbye = """
        import signal, sys, time
        def leave(*_):
            print("leaving", flush=True)
            sys.exit()
        signal.signal(signal.SIGTERM, leave)
        print("up", flush=True)
        time.sleep(600)
    """
    code, said = textwrap.dedent(says_goodbye), []
    both = [service(code, name="broker", is_foundation=True), service(code, name="worker")]
    Supervisor(both, said.append).run(stop_when(lambda: len(said) == 2), lambda: None)
    leaving = [line.split()[0] for line in said if "leaving" in line]
    assert leaving == ["worker", "broker"]


def test_handlers_of_signals_are_given_back():
    before = signal.getsignal(signal.SIGTERM)
    Supervisor([service(SLEEPER)], lambda line: None).run(stop_when(lambda: True), lambda: None)
    assert signal.getsignal(signal.SIGTERM) is before
