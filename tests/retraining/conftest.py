"""Bells that are only noted, and the target of the tests."""

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

    for place in ("services.label_check", "services.label_impact", "tasks"):
        monkeypatch.setattr(f"retraining.{place}.ring", note)
    return rung
