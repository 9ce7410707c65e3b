"""PATCH /api/v1/images/{id}/: ground truth."""

from datetime import timedelta

import pytest
from django.utils import timezone

from images.models import GroundTruth


@pytest.fixture
def patch(radiograph, doctor, bearer):
    def send(by=doctor, **statement):
        return bearer(by).patch(
            f"/api/v1/images/{radiograph.pk}/",
            {"truth": {"target": "covid-19"} | statement},
            content_type="application/json",
        )

    return send


def rows(radiograph) -> list[tuple[str, bool]]:
    found = radiograph.truths.order_by("created_at")
    return [(truth.result, truth.is_current) for truth in found]


@pytest.mark.parametrize("result", ["negative", "unknown"])
def test_new_statement_supersedes(result, patch, radiograph):
    response = patch(result=result, tested_on="2020-04-01")

    truth = {"target": "covid-19", "result": result, "tested_on": "2020-04-01"}
    assert (response.status_code, response.json()["truth"]) == (200, [truth])
    assert rows(radiograph) == [("positive", False), (result, True)]


def test_class_of_another_target(patch, radiograph):
    response = patch(target="chest-three-classes", result="viral-pneumonia")

    results = {truth["target"]: truth["result"] for truth in response.json()["truth"]}
    assert results == {"covid-19": "positive", "chest-three-classes": "viral-pneumonia"}


def test_who_said_it_is_kept(patch, radiograph, site_administrator):
    patch(by=site_administrator, result="negative")

    assert GroundTruth.objects.current().get().entered_by == site_administrator


def test_same_statement_adds_nothing(patch, radiograph):
    assert patch(result="positive").status_code == 200
    assert rows(radiograph) == [("positive", True)]


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ({}, "invalid"),
        ({"result": ""}, "invalid"),
        ({"result": "normal"}, "class-of-other-target"),
        ({"result": "viral-pneumonia"}, "class-of-other-target"),
        ({"target": "astrology", "result": "positive"}, "invalid"),
        ({"result": "negative", "tested_on": "someday"}, "invalid"),
        ({"result": "negative", "tested_on": "tomorrow"}, "test-in-future"),
        ({"result": ["negative"]}, "invalid"),
    ],
)
def test_bad_statements(statement, code, patch, radiograph):
    if statement.get("tested_on") == "tomorrow":
        statement = statement | {"tested_on": str(timezone.localdate() + timedelta(days=1))}

    response = patch(**statement)

    assert (response.status_code, response.json()["code"]) == (400, code)
    assert rows(radiograph) == [("positive", True)]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b'{"view": "PA"}', b"[" * 100_000])
def test_bad_bodies(body, radiograph, doctor, bearer):
    response = bearer(doctor).patch(
        f"/api/v1/images/{radiograph.pk}/", body, content_type="application/json"
    )

    assert response.status_code == 400
    assert response.json()["code"] in {"invalid", "unreadable-request"}


def test_endless_json_is_refused_before_it_is_read(radiograph, doctor, bearer, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100

    response = bearer(doctor).patch(
        f"/api/v1/images/{radiograph.pk}/", b'"' + b"x" * 200, content_type="application/json"
    )

    assert (response.status_code, response.json()["code"]) == (413, "too-large")


def test_other_content_types(radiograph, doctor, bearer):
    response = bearer(doctor).patch(
        f"/api/v1/images/{radiograph.pk}/", b"<truth/>", content_type="text/xml"
    )

    assert (response.status_code, response.json()["code"]) == (415, "unsupported-media-type")
