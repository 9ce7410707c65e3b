"""Bells that are only noted, and the target of the tests."""

import sys

import pytest

from images.models import Target


@pytest.fixture
def covid(db) -> Target:
    return Target.objects.get(code="covid-19")


@pytest.fixture
def bells(monkeypatch) -> list[str]:
    """Names of the tasks that were rung for, instead of a broker."""
    rung: list[str] = []

    def note(task) -> bool:
        rung.append(task.__name__)
        return True

    for place in (
        "services.label_check", "services.label_impact", "services.running", "tasks",
    ):  # fmt: skip
        monkeypatch.setattr(f"retraining.{place}.ring", note)
    # Loads torch: only where a test has loaded it.
    if "retraining.pipeline.writing" in sys.modules:
        monkeypatch.setattr("retraining.pipeline.writing.ring", note)
    return rung
