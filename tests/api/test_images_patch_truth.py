"""PATCH /api/v1/images/{id}/: ground truth."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from images.models import GroundTruth, Radiograph
from images.shifting import shifted_day
from tests import factories


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
    [found] = response.json()["truth"]
    assert (response.status_code, found) == (200, found | truth)
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


def test_all_that_a_laboratory_says(patch, radiograph):
    patch(
        result="indeterminate", tested_on="2020-04-01", laboratory="Central", kit="N1",
        reason="read again",
    )  # fmt: skip

    row = radiograph.truths.current().get()
    assert (row.result, row.laboratory, row.kit, row.reason) == (
        "indeterminate", "Central", "N1", "read again",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["laboratory", "kit", "reason"])
def test_too_long_words(name, patch, radiograph):
    assert patch(result="negative", **{name: "x" * 301}).status_code == 400
    assert rows(radiograph) == [("positive", True)]


def test_days_between(patch, radiograph):
    Radiograph.objects.update(acquired_on="2020-04-03")

    [truth] = patch(result="negative", tested_on="2020-04-01").json()["truth"]

    assert truth["days_between"] == 2


def test_before_birth(patch, radiograph):
    Radiograph.objects.update(acquired_on="2020-04-03")

    response = patch(result="negative", tested_on="1950-01-01")

    assert (response.status_code, response.json()["code"]) == (400, "test-before-birth")
    assert rows(radiograph) == [("positive", True)]


def test_history_tells_every_statement(patch, radiograph, site_administrator):
    patch(by=site_administrator, result="negative", kit="N1")

    history = patch(result="negative", kit="N1").json()["history"]

    said = [(each["result"], each["is_current"], each["entered_by"]) for each in history]
    assert said == [("negative", True, "Sara Site"), ("positive", False, "Diego Doctor")]
    assert history[0]["supersedes"] == history[1]["id"]


def test_researchers_get_no_name_and_no_reason(patch, radiograph, researcher, bearer):
    patch(result="negative", reason="a reason of the house")

    history = bearer(researcher).get(f"/api/v1/images/{radiograph.pk}/").json()["history"]

    assert {(each["entered_by"], each["reason"]) for each in history} == {(None, None)}


def test_researchers_get_the_samples_day_moved_like_the_radiographs(
    patch, radiograph, researcher, bearer
):
    moved = shifted_day(radiograph.patient, date(2020, 4, 3))
    Radiograph.objects.update(acquired_on=moved, date_is_shifted=True)
    patch(result="negative", tested_on="2020-04-01")

    row = bearer(researcher).get(f"/api/v1/images/{radiograph.pk}/").json()

    [truth] = row["truth"]
    assert truth["tested_on"] == str(shifted_day(radiograph.patient, date(2020, 4, 1)))
    assert truth["days_between"] == 2


@pytest.mark.parametrize("expected", [None, "other"])
def test_who_came_second_is_told_of_both(expected, patch, radiograph):
    first = radiograph.truths.get()
    if expected:
        expected = str(first.pk)
        patch(result="negative")

    response = patch(result="indeterminate", kit="N1", expected=expected)

    assert (response.status_code, response.json()["code"]) == (409, "changed-meanwhile")
    body, stands = response.json(), radiograph.truths.current().get()
    assert (body["current"]["id"], body["current"]["result"]) == (str(stands.pk), stands.result)
    attempt = body["attempt"]
    assert (attempt["result"], attempt["kit"], attempt["was_taken"]) == (
        "indeterminate", "N1", False,
    )  # fmt: skip
    assert attempt["came_after"] == str(stands.pk)


def test_with_what_stands_it_is_taken(patch, radiograph):
    first = radiograph.truths.get()

    assert patch(result="negative", expected=str(first.pk)).status_code == 200
    assert rows(radiograph) == [("positive", False), ("negative", True)]


def test_an_expected_key_that_is_none(patch, radiograph):
    assert patch(result="negative", expected="x").status_code == 400
    assert rows(radiograph) == [("positive", True)]


def test_of_another_institution_is_missing(doctor, other_site, bearer):
    film = factories.make_radiograph(site=other_site)

    response = bearer(doctor).patch(
        f"/api/v1/images/{film.pk}/",
        {"truth": {"target": "covid-19", "result": "positive"}},
        content_type="application/json",
    )

    assert response.status_code == 404
    assert not GroundTruth.objects.exists()
