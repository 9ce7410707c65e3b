"""`manage.py evaluate_gate DIR --metadata CSV --not-frontal DIR`."""

import json
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from PIL import Image

from retraining import gate_pictures
from retraining.management.commands import evaluate_gate
from retraining.ml.split import TEST, split_of
from tests.engines import small_engine  # noqa: F401  (a fixture)
from tests.factories import chest_png
from tests.gates import make_gate
from tests.retraining.test_train_gate_command import films

SALT = "some-salt"
COUNT = 20


@pytest.fixture(autouse=True)
def engine(db, small_engine, monkeypatch):  # noqa: F811
    """Few pictures of each kind: what is tested is the counting."""
    monkeypatch.setattr(evaluate_gate, "EACH", 1)
    monkeypatch.setattr(evaluate_gate, "SPOILT", 2)
    monkeypatch.setattr(
        evaluate_gate, "photographs", lambda seed: [("one", noise()), ("two", noise())]
    )
    return small_engine


@pytest.fixture
def gate(tmp_path, settings: LazySettings) -> Path:
    settings.GATE_DIR = tmp_path / "gate"
    make_gate(settings.GATE_DIR, training={"split_salt": SALT})
    return settings.GATE_DIR


def noise() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)


def evaluate(folder: Path, *options) -> tuple[list, dict]:
    said = StringIO()
    metadata = films(folder, COUNT)
    call_command("evaluate_gate", folder, "--metadata", metadata, *options, stdout=said)
    *lines, last = said.getvalue().splitlines()
    return lines, json.loads(last)["kinds"]


def held_out() -> int:
    return sum(split_of(f"P{number}", SALT) == TEST for number in range(COUNT))


def test_only_held_out_patients_are_counted(tmp_path, gate):
    _, kinds = evaluate(tmp_path)
    assert kinds["frontal"]["n"] == kinds["frontal, changed copy"]["n"] == held_out() > 0


def test_a_view_is_counted_among_all_and_by_itself(tmp_path, gate):
    _, kinds = evaluate(tmp_path)
    assert kinds["frontal, , PA"] == kinds["frontal"]


def test_the_kind_of_another_picture_is_the_beginning_of_its_name(tmp_path, gate):
    others = tmp_path / "others"
    others.mkdir()
    for number, name in enumerate(("ct_1.png", "ct_2.png", "lateral_1.png", "notes.txt")):
        (others / name).write_bytes(chest_png(100 + number) if "png" in name else b"text")
    _, kinds = evaluate(tmp_path, "--not-frontal", others)
    found = {kind: kinds[kind]["n"] for kind in kinds if kind.startswith("not frontal")}
    assert found == {"not frontal": 3, "not frontal, ct": 2, "not frontal, lateral": 1}


def test_every_share_has_an_interval(tmp_path, gate):
    _, kinds = evaluate(tmp_path)
    for share in kinds.values():
        low, high = share["interval"]
        assert 0 <= low <= share["share"] <= high <= 1


def test_the_list_has_each_picture_once(tmp_path, gate):
    lines, kinds = evaluate(tmp_path, "--list")
    single = [kind for kind in kinds if kind not in {"frontal", "frontal, "}]
    assert len(lines) == sum(kinds[kind]["n"] for kind in single)


def test_a_gate_that_does_not_say_its_split_is_refused(tmp_path, gate):
    make_gate(gate, training={})
    with pytest.raises(CommandError):
        evaluate(tmp_path)


def test_a_damaged_gate_is_refused(tmp_path, gate):
    (gate / "gate.safetensors").write_bytes(b"")
    with pytest.raises(CommandError):
        evaluate(tmp_path)


class TestPhotographs:
    @pytest.fixture
    def package(self, tmp_path, monkeypatch):
        """Stands in for the packages: `place` with one picture and one file that is none."""
        folder = tmp_path / "package"
        (folder / "place").mkdir(parents=True)
        (folder / "__init__.py").touch()
        Image.fromarray(noise()).save(folder / "place" / "cat.png")
        (folder / "place" / "table.csv").touch()
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setattr(gate_pictures, "PHOTOGRAPHS", (("package", "place"),))

    def test_each_comes_whole_and_in_parts(self, package):
        names = [name for name, _array in gate_pictures.photographs(1)]
        assert names == ["cat.png", *(f"cat.png, part {n}" for n in (1, 2, 3))]

    def test_the_same_seed_cuts_alike(self, package):
        first, second = (list(gate_pictures.photographs(1)) for _ in range(2))
        for (_a, one), (_b, other) in zip(first, second, strict=True):
            np.testing.assert_array_equal(one, other)

    def test_a_package_that_is_absent_is_named(self, monkeypatch):
        monkeypatch.setattr(gate_pictures, "PHOTOGRAPHS", (("no_such_package", "data"),))
        with pytest.raises(gate_pictures.NoPhotographs, match="no_such_package"):
            list(gate_pictures.photographs(1))
