"""`manage.py train_baseline DIR --metadata CSV --out DIR`."""

import csv
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from inference.artifact_store import read_manifest
from inference.models import DeployedModel, FeatureVector
from tests.engines import small_engine  # noqa: F401  (a fixture)
from tests.factories import chest_png

COLUMNS = ("filename", "label", "rt_pcr", "patient_id", "view", "source")


@pytest.fixture(autouse=True)
def engine(db, small_engine):  # noqa: F811
    return small_engine


def table(folder: Path, rows: list[dict]) -> Path:
    path = folder / "metadata.csv"
    with path.open("w", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return path


def films(folder: Path, count: int, words=("positive", "negative")) -> Path:
    rows = []
    for number in range(count):
        (folder / f"{number}.png").write_bytes(chest_png(number))
        word = words[number % len(words)]
        rows.append({"filename": f"{number}.png", "rt_pcr": word, "patient_id": f"P{number}"})
    return table(folder, rows)


def train(folder: Path, metadata: Path, out: Path) -> str:
    said = StringIO()
    call_command(
        "train_baseline", str(folder), "--metadata", str(metadata), "--out", str(out), stdout=said
    )
    return said.getvalue()


@pytest.mark.slow
def test_it_writes_an_artifact_and_puts_nothing_in_service(tmp_path):
    out = tmp_path / "out"
    said = train(tmp_path, films(tmp_path, 60), out)
    manifest = read_manifest(out)
    assert manifest.weights_sha256 in said
    assert manifest.training["counts"]["train"]["radiographs"] > 30
    assert not DeployedModel.objects.exists()
    assert FeatureVector.objects.count() == 60


def test_a_folder_that_is_there_is_never_overwritten(tmp_path):
    with pytest.raises(CommandError):
        train(tmp_path, films(tmp_path, 2), tmp_path)


def test_without_known_results_there_is_nothing_to_train_on(tmp_path):
    with pytest.raises(CommandError):
        train(tmp_path, films(tmp_path, 2, words=("unknown",)), tmp_path / "out")


def test_a_single_class_is_refused_in_one_sentence(tmp_path):
    with pytest.raises(CommandError) as refusal:
        train(tmp_path, films(tmp_path, 12, words=("negative",)), tmp_path / "out")
    assert "\n" not in str(refusal.value)
    assert not (tmp_path / "out").exists()
