"""`manage.py train_gate DIR --metadata CSV --out DIR`."""

import csv
import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from inference.ml.gate import Gate
from tests.engines import small_engine  # noqa: F401  (a fixture)
from tests.factories import chest_png

COLUMNS = ("filename", "label", "rt_pcr", "patient_id", "view", "source")
ENOUGH = 100


@pytest.fixture(autouse=True)
def engine(db, small_engine):  # noqa: F811
    return small_engine


def films(folder: Path, count: int, view: str = "PA") -> Path:
    rows = []
    for number in range(count):
        (folder / f"{number}.png").write_bytes(chest_png(number))
        rows.append({"filename": f"{number}.png", "patient_id": f"P{number}", "view": view})
    path = folder / "metadata.csv"
    with path.open("w", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return path


def train(folder: Path, metadata: Path, out: Path) -> str:
    said = StringIO()
    call_command("train_gate", folder, "--metadata", metadata, "--out", out, stdout=said)
    return said.getvalue()


@pytest.mark.slow
def test_it_writes_a_gate_and_says_its_figures(tmp_path):
    out = tmp_path / "out"
    said = train(tmp_path, films(tmp_path, ENOUGH), out)
    facts = json.loads(said.splitlines()[-1])
    gate = Gate.load(out)
    assert facts["sha256"] == gate.manifest.weights_sha256
    assert facts["training"]["radiographs"] + facts["metrics"]["radiographs"]["n"] == ENOUGH


def test_other_views_are_not_fitted_on(tmp_path):
    with pytest.raises(CommandError):
        train(tmp_path, films(tmp_path, 3, view="L"), tmp_path / "out")


def test_too_few_films_are_refused_in_one_sentence(tmp_path):
    with pytest.raises(CommandError) as refusal:
        train(tmp_path, films(tmp_path, 3), tmp_path / "out")
    assert "\n" not in str(refusal.value)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_there_is_never_overwritten(tmp_path):
    with pytest.raises(CommandError):
        train(tmp_path, films(tmp_path, 3), tmp_path)


def test_a_missing_file_is_named_and_passed_over(tmp_path):
    metadata = films(tmp_path, 3)
    (tmp_path / "1.png").unlink()
    said = StringIO()
    with pytest.raises(CommandError):
        call_command(
            "train_gate", tmp_path, "--metadata", metadata, "--out", tmp_path / "out", stdout=said
        )
    assert "1.png" in said.getvalue()


def test_without_a_table_it_says_so(tmp_path):
    with pytest.raises(CommandError):
        train(tmp_path, tmp_path / "none.csv", tmp_path / "out")
