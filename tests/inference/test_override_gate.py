"""Vouching for an image that the gate stopped, from the panel."""

import pytest
from django.urls import reverse

from core.jobs import JobStatus
from images.services import trash
from inference import reasons, services
from inference.models import GateOverride, Prediction
from inference.services import NotStopped

REASON = "A portable film of a child, turned by hand"


@pytest.fixture
def row(radiograph, paper_model, failed) -> Prediction:
    Prediction.objects.all().delete()
    return failed(radiograph, reasons.NOT_FRONTAL)


def url_of(row):
    return reverse("inference:override", args=[row.pk])


def count_queued():
    return Prediction.objects.filter(status=JobStatus.QUEUED).count()


def vouch(client, row, reason=REASON, **headers):
    return client.post(url_of(row), {"reason": reason}, headers=headers)


@pytest.mark.parametrize(
    ("who", "status", "queued"),
    [
        ("anonymous", 302, 0),
        ("pending", 302, 0),
        ("health_worker", 302, 1),
        ("doctor", 302, 1),
        ("researcher", 403, 0),
        ("administrator", 302, 1),
        ("site_administrator", 302, 1),
        ("stranger", 404, 0),
    ],
)
def test_who_may_vouch(actor, row, who, status, queued):
    assert vouch(actor(who), row).status_code == status
    assert count_queued() == queued
    assert GateOverride.objects.count() == queued


def test_person_and_reason_are_kept(actor, row, doctor):
    vouch(actor("doctor"), row, f"  {REASON} ")
    kept = GateOverride.objects.get()
    assert (kept.overridden_by, kept.reason, kept.radiograph) == (doctor, REASON, row.radiograph)


@pytest.mark.parametrize("reason", ["", "   ", "because", "x" * 301])
def test_without_a_proper_reason_nothing_happens(actor, row, reason):
    response = vouch(actor("doctor"), row, reason, **{"HX-Request": "true"})
    assert "is-invalid" in response.content.decode()
    assert (count_queued(), GateOverride.objects.count()) == (0, 0)


def test_without_htmx_a_refused_reason_is_told_on_the_page(actor, row):
    client = actor("doctor")
    vouch(client, row, "")
    page = client.get(row.radiograph.get_absolute_url())
    assert "alert" in page.content.decode()


def test_a_second_click_changes_nothing(actor, row):
    client = actor("doctor")
    vouch(client, row)
    assert vouch(client, row).status_code == 302
    assert (count_queued(), GateOverride.objects.count()) == (1, 1)


def test_what_failed_for_another_reason_is_not_found(actor, radiograph, failed):
    assert vouch(actor("doctor"), failed(radiograph)).status_code == 404


def test_the_service_refuses_what_the_gate_did_not_stop(radiograph, failed, doctor):
    with pytest.raises(NotStopped):
        services.override_gate(prediction=failed(radiograph), by=doctor, reason=REASON)


def test_in_the_trash_nothing_is_vouched_for(actor, row, health_worker):
    trash(radiograph=row.radiograph, by=health_worker)
    assert vouch(actor("doctor"), row).status_code == 404


def panel(client, row) -> str:
    return client.get(reverse("inference:panel", args=[row.radiograph.pk])).content.decode()


def test_the_panel_says_what_the_image_is_not_and_asks_for_a_reason(actor, row):
    shown = panel(actor("doctor"), row)
    assert "Esta imagen no es una radiografía frontal de tórax" in shown
    assert url_of(row) in shown


def test_who_did_not_upload_it_is_not_asked(actor, row, doctor):
    type(row.radiograph).objects.filter(pk=row.radiograph.pk).update(uploader=doctor)
    assert url_of(row) not in panel(actor("health_worker"), row)


def test_the_plain_retry_is_not_offered(actor, row):
    assert reverse("inference:retry", args=[row.pk]) not in panel(actor("doctor"), row)


@pytest.fixture
def vouched(row, paper_model, predicted, doctor) -> Prediction:
    services.override_gate(prediction=row, by=doctor, reason=REASON)
    Prediction.objects.filter(status=JobStatus.QUEUED).delete()
    return predicted(row.radiograph, 0.9, paper_model)


def test_every_later_result_names_who_vouched_and_why(actor, vouched, doctor):
    shown = panel(actor("health_worker"), vouched)
    assert REASON in shown
    assert doctor.full_name in shown


def test_a_researcher_reads_that_it_was_vouched_for_but_no_name(actor, vouched, doctor):
    from tests.factories import state_truth

    state_truth(vouched.radiograph, "positive")
    shown = panel(actor("researcher"), vouched)
    assert "bi-person-exclamation" in shown
    assert doctor.full_name not in shown
    assert REASON not in shown
