"""Deeds upon models and their gate are recorded."""

import pytest

from accounts.models import AuditEntry
from inference import reasons, services
from inference.models import Prediction

pytestmark = pytest.mark.django_db


def test_vouching_for_a_picture(radiograph, paper_model, failed, doctor):
    Prediction.objects.all().delete()
    row = failed(radiograph, reasons.NOT_FRONTAL)
    for _click in range(2):
        row.refresh_from_db()
        if row.error_code == reasons.NOT_FRONTAL:
            services.override_gate(prediction=row, by=doctor, reason="Ana Gomez, turned")
    entry = AuditEntry.objects.get(subject="gate")
    assert (entry.actor, entry.subject_id, entry.site) == (doctor, radiograph.pk, radiograph.site)
    assert "Ana" not in str(entry.after)


def test_an_activation_and_a_rollback(target, make_artifact, administrator):
    for version in ("1", "2", "1"):
        services.activate(
            target=target, artifact_dir=make_artifact(version), by=administrator, reason="test"
        )
    rows = AuditEntry.objects.filter(subject="model").order_by("created_at")
    assert [(row.before.get("version"), row.after["version"]) for row in rows] == [
        (None, "1"), ("1", "2"), ("2", "1"),
    ]  # fmt: skip
    assert {(row.actor, row.site, row.after["target"]) for row in rows} == {
        (administrator, None, target.code)
    }


def test_what_ships_is_nobodys_deed(target, make_artifact):
    services.activate(target=target, artifact_dir=make_artifact("1"), by=None, reason="baseline")
    entry = AuditEntry.objects.get(subject="model")
    assert (entry.actor, entry.way) == (None, "task")
