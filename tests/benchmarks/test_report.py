"""Bars, tables, and what is kept of a run."""

import re

import pytest

from benchmarks import parts, report
from benchmarks.bars import BARS, Bar

MACHINE = {"processor": "Abacus", "cores": 2}
PRIVATE = re.compile(r"(?<![\w.])/(home|Users|work|root|tmp)/|\.jpe?g\b", re.IGNORECASE)


def result(part, **figures):
    return {"part": part, "date": "2026-01-01", "machine": MACHINE} | figures


@pytest.mark.parametrize(
    ("limits", "value", "expected"),
    [
        ({"at_most": 2}, 2, "met"),
        ({"at_most": 2}, 2.1, "missed"),
        ({"at_least": 2}, 2, "met"),
        ({"at_least": 2}, 1.9, "missed"),
        ({}, 5, ""),
    ],
)
def test_a_bar_judges(limits, value, expected):
    assert Bar("peers", "x", "X", **limits).judge(value) == expected


def test_a_figure_may_lie_deeper():
    assert Bar("peers", "a.b", "X").of({"a": {"b": 3}}) == 3


@pytest.mark.parametrize("found", [{}, {"a": 1}, {"a": {"b": None}}])
def test_a_missing_figure_is_no_number(found):
    assert Bar("peers", "a.b", "X").of(found) is None


def test_every_bar_belongs_to_a_part():
    assert {bar.part for bar in BARS} <= set(parts.PARTS)


def test_a_missed_bar_is_told():
    shown = report.text({"cache": result("cache", load_seconds=2.5)})
    assert re.search(r"2\.5 s +at most 2 s +missed", shown)


def test_a_skipped_part_tells_why():
    shown = report.text({"gpu": result("gpu", skipped="no card")})
    assert "skipped: no card" in shown


def test_a_skipped_part_leaves_what_was_measured(tmp_path):
    report.keep(result("gpu", share_of_peak=0.5), tmp_path)
    report.keep(result("gpu", skipped="no card"), tmp_path)
    assert report.read(tmp_path)["gpu"]["share_of_peak"] == 0.5


def test_a_new_measurement_replaces_the_old(tmp_path):
    for share in (0.4, 0.5):
        report.keep(result("gpu", share_of_peak=share), tmp_path)
    assert report.read(tmp_path)["gpu"]["share_of_peak"] == 0.5


def test_the_readme_gets_the_table_between_its_marks(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    report.update_readme({"cache": result("cache", load_seconds=1)}, readme)
    shown = readme.read_text()
    assert "old" not in shown
    assert "| 10,000 cached vectors loaded | 1 s | at most 2 s | met |" in shown
    assert shown.startswith("before\n")
    assert shown.endswith("after\n")


def test_the_readme_shows_the_kept_results():
    shown = report.README.read_text(encoding="utf-8")
    assert report.markdown(report.read()) in shown


def test_kept_results_are_of_whole_runs():
    assert [name for name, kept in report.read().items() if "quick" in kept] == []


def test_kept_results_name_no_file_and_no_machine():
    texts = [path.read_text() for path in report.RESULTS.glob("*.json")]
    assert [text for text in texts if PRIVATE.search(text)] == []
