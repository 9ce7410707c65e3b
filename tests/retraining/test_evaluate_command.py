"""`manage.py evaluate DIR --metadata CSV`."""

import csv
import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from retraining.ml.split import TEST, TRAIN, VALIDATION, split_of
from tests.engines import make_artifact, small_engine  # noqa: F401  (fixtures)
from tests.factories import chest_png

COLUMNS = ("filename", "label", "rt_pcr", "patient_id", "view", "source", "extra")
SALT = "some-salt"


@pytest.fixture(autouse=True)
def shipped(db, settings, make_artifact, small_engine) -> None:  # noqa: F811
    settings.BASELINE_DIR = make_artifact("shipped", training={"split_salt": SALT})


@pytest.fixture
def folder(tmp_path) -> Path:
    """Twelve radiographs of twelve patients, every third positive."""
    for number in range(12):
        (tmp_path / f"{number}.png").write_bytes(chest_png(number))
    return tmp_path


def row(number: int, **changes) -> dict[str, str]:
    facts = {
        "filename": f"{number}.png",
        "rt_pcr": "negative" if number % 3 else "positive",
        "patient_id": f"P{number}",
    }
    return facts | changes


def table(folder: Path, rows: list[dict], columns=COLUMNS) -> Path:
    path = folder / "metadata.csv"
    with path.open("w", newline="") as out:
        writer = csv.DictWriter(out, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def run(folder: Path, rows: list[dict], *options) -> tuple[list[dict], int]:
    out, status = StringIO(), 0
    arguments = [str(folder), "--metadata", str(table(folder, rows)), "--json", *options]
    try:
        call_command("evaluate", *arguments, stdout=out)
    except SystemExit as end:
        status = end.code
    return [json.loads(line) for line in out.getvalue().splitlines()], status


def test_the_last_line_has_the_agreed_shape(folder):
    lines, status = run(folder, [row(number) for number in range(12)])
    assert status == 0
    assert set(lines[-1]) == {"n", "positives", "model_version", "metrics", "confusion"}
    assert set(lines[-1]["metrics"]) == {"sensitivity", "specificity", "accuracy", "auc"}
    assert set(lines[-1]["confusion"]) == {"tp", "fp", "tn", "fn"}
    found = (lines[-1]["n"], lines[-1]["positives"], lines[-1]["model_version"])
    assert found == (12, 4, "shipped")


def test_the_figures_agree_with_the_predictions(folder):
    rows = [row(number) for number in range(12)]
    lines, _ = run(folder, rows)
    out = StringIO()
    names = [str(folder / facts["filename"]) for facts in rows]
    call_command("predict", *names, "--json", stdout=out)
    called = [json.loads(line)["label"] == "covid-19" for line in out.getvalue().splitlines()]
    truth = [facts["rt_pcr"] == "positive" for facts in rows]
    pairs = list(zip(truth, called, strict=True))
    assert lines[-1]["confusion"] == {
        "tp": pairs.count((True, True)),
        "fp": pairs.count((False, True)),
        "tn": pairs.count((False, False)),
        "fn": pairs.count((True, False)),
    }
    agreed = sum(a == b for a, b in pairs) / 12
    assert lines[-1]["metrics"]["accuracy"] == pytest.approx(agreed)


@pytest.mark.parametrize("word", ["", "unknown", "pending"])
def test_a_row_without_a_result_is_named_and_not_counted(folder, word):
    lines, _ = run(folder, [row(0, rt_pcr=word), row(1), row(3)])
    assert lines[0]["skipped"] == "0.png"
    assert lines[-1]["n"] == 2


@pytest.mark.parametrize("name", ["missing.png", "../metadata.csv", "metadata.csv"])
def test_a_file_that_cannot_be_read_is_named_and_not_counted(folder, name):
    lines, _ = run(folder, [row(0, filename=name), row(1), row(3)])
    assert lines[0]["skipped"] == name
    assert lines[-1]["n"] == 2


def test_files_below_images_are_found(folder):
    (folder / "images").mkdir()
    (folder / "0.png").rename(folder / "images" / "moved.png")
    lines, _ = run(folder, [row(0, filename="moved.png")])
    assert lines[-1]["n"] == 1


def test_an_undefined_figure_is_null(folder):
    lines, _ = run(folder, [row(1), row(2)])
    metrics = lines[-1]["metrics"]
    assert (metrics["sensitivity"], metrics["auc"]) == (None, None)
    assert metrics["specificity"] is not None


def test_nothing_to_evaluate_is_a_failure(folder):
    lines, status = run(folder, [row(0, rt_pcr="")])
    assert (lines[-1]["n"], status) == (0, 1)


def test_the_splits_are_those_of_the_models_training(folder):
    rows = [row(number) for number in range(12)]
    counts = {}
    for split in (TRAIN, VALIDATION, TEST):
        lines, _ = run(folder, rows, "--split", split)
        counts[split] = lines[-1]["n"]
    expected = [split_of(f"P{number}", SALT) for number in range(12)]
    assert counts == {split: expected.count(split) for split in (TRAIN, VALIDATION, TEST)}


def test_missing_columns_are_named(folder):
    path = table(folder, [row(0)], columns=("filename", "label", "view", "source"))
    with pytest.raises(CommandError, match=r"rt_pcr.*patient_id"):
        call_command("evaluate", str(folder), "--metadata", str(path), stdout=StringIO())


def test_an_unknown_version_is_refused(folder):
    with pytest.raises(CommandError, match="from-the-future"):
        run(folder, [row(0)], "--model", "from-the-future")


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(CommandError, match="nowhere"):
        call_command("evaluate", str(tmp_path / "nowhere"), "--metadata", "x", stdout=StringIO())


def test_the_second_run_uses_the_cache(folder, small_engine):  # noqa: F811
    rows = [row(number) for number in range(3)]
    first, _ = run(folder, rows)
    second, _ = run(folder, rows)
    assert first == second
    assert small_engine.calls == 3
