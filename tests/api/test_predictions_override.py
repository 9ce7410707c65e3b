"""POST /api/v1/predictions/{id}/override/"""

import pytest

from images.models import Target
from inference import reasons
from inference.models import DeployedModel, GateOverride, Prediction

REASON = "A portable film of a child, turned by hand"


@pytest.fixture
def stopped(radiograph) -> Prediction:
    target = Target.objects.get(code="covid-19")
    DeployedModel.objects.create(target=target, version="1", threshold=0.5)
    return Prediction.objects.create(
        radiograph=radiograph, target=target, status="failed", error_code=reasons.NOT_FRONTAL,
        gate_similarity=0.1, gate_score=0.02,
    )  # fmt: skip


def override(client, prediction, **body):
    url = f"/api/v1/predictions/{prediction.pk}/override/"
    return client.post(url, body or {"reason": REASON}, content_type="application/json")


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 401),
        ("pending", 403),
        ("health_worker", 404),  # the doctor uploaded it
        ("doctor", 202),
        ("researcher", 403),
        ("administrator", 202),
        ("site_administrator", 202),
        ("stranger", 404),
    ],
)
def test_who_may_override(actor, stopped, who, status):
    assert override(actor(who), stopped).status_code == status
    assert GateOverride.objects.exists() == (status == 202)


def test_the_new_prediction_comes_back(actor, stopped):
    row = override(actor("doctor"), stopped).json()
    assert (row["status"], row["gate"]["overridden"]) == ("queued", True)
    assert row["id"] != str(stopped.pk)


def test_a_token_that_only_reads_may_not(bearer, doctor, stopped):
    assert override(bearer(doctor, "read"), stopped).status_code == 403


@pytest.mark.parametrize("reason", ["", "because", "x" * 301])
def test_a_reason_is_needed(actor, stopped, reason):
    response = override(actor("doctor"), stopped, reason=reason)
    assert response.status_code == 400
    assert not GateOverride.objects.exists()


def test_what_was_not_stopped_cannot_be_overridden(actor, stopped):
    Prediction.objects.filter(pk=stopped.pk).update(error_code="storage")
    assert override(actor("doctor"), stopped).status_code == 400


def test_the_gates_values_are_told(actor, stopped):
    row = actor("doctor").get(f"/api/v1/predictions/{stopped.pk}/").json()
    assert row["gate"] == {
        "similarity": 0.1, "score": 0.02, "stopped": True, "overridden": False,
    }  # fmt: skip
    assert row["error"]["code"] == "not-frontal"
