"""Each filter of the list, and what it says of values that are none of its own."""

import uuid
from datetime import date, timedelta

import pytest
from django.utils import timezone

from images.models import IncomingFile, Patient, Radiograph, UploadBatch
from tests import factories

LIST = "/images/"
TODAY = timezone.localdate()
TOMORROW = str(TODAY + timedelta(days=1))


@pytest.fixture
def two(doctor, health_worker):
    """`one` has what each filter asks for, `other` has not."""
    one = factories.make_radiograph(
        uploader=doctor, seed=1, patient_code="CASE-7", sex="F", rt_pcr="positive", view="PA",
        acquired_on=date(2021, 5, 4), age_years=44, source="north wing", extra={"own_id": "ACC-9"},
    )  # fmt: skip
    other = factories.make_radiograph(
        uploader=health_worker, seed=2, patient_code="OTHER-1", sex="M", view="AP",
        acquired_on=date(2022, 1, 1), age_years=70,
    )  # fmt: skip
    Radiograph.objects.filter(pk=one.pk).update(
        assigned_to=doctor, text_state="suspected", copy_group=uuid.uuid4(), source_format="dicom",
        dicom_facts={"modality": "DX"},
    )  # fmt: skip
    Patient.objects.filter(pk=one.patient_id).update(consent_withdrawn_at=timezone.now())
    one.refresh_from_db()
    return {one.pk: "one", other.pk: "other"}


def shown(response, two) -> set[str]:
    return {two[row.pk] for row in response.context["page"].rows}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"q": "case-"}, {"one"}),
        ({"q": "NORTH"}, {"one"}),
        ({"q": "acc-9"}, {"one"}),
        ({"q": "nowhere"}, set()),
        ({"patient": "ase-7"}, {"one"}),
        ({"truth": "known"}, {"one"}),
        ({"truth": "unknown"}, {"other"}),
        ({"age_from": "44", "age_to": "44"}, {"one"}),
        ({"age_from": "60"}, {"other"}),
        ({"sex": "F"}, {"one"}),
        ({"sex": "unknown"}, set()),
        ({"assigned": "me"}, {"one"}),
        ({"assigned": "nobody"}, {"other"}),
        ({"writing": "suspected"}, {"one"}),
        ({"writing": "clear"}, {"other"}),
        ({"consent": "withdrawn"}, {"one"}),
        ({"consent": "given"}, {"other"}),
        ({"file_format": "dicom"}, {"one"}),
        ({"file_format": "png"}, {"other"}),
        ({"modality": "DX"}, {"one"}),
        ({"modality": "CR"}, set()),
        ({"uploaded_from": str(TODAY), "uploaded_to": str(TODAY)}, {"one", "other"}),
        ({"uploaded_from": TOMORROW}, set()),
        ({"q": "case", "rt_pcr": "positive", "sex": "F", "age_to": "50"}, {"one"}),
        ({"prediction": "none"}, {"one", "other"}),
        ({"prediction": "positive"}, set()),
    ],
)
def test_filters(actor, two, query, expected):
    assert shown(actor("doctor").get(LIST, query), two) == expected


def test_a_search_finds_the_begin_of_an_id(actor, two):
    pk = next(key for key, name in two.items() if name == "one")
    assert shown(actor("doctor").get(LIST, {"q": str(pk)[:10]}), two) == {"one"}


def test_assigned_to_a_colleague(actor, two, doctor):
    assert shown(actor("health_worker").get(LIST, {"assigned": str(doctor.pk)}), two) == {"one"}


def test_colleagues_are_offered_after_the_schema_was_asked_for(actor, two, doctor):
    assert actor("doctor").get("/api/v1/schema/").status_code == 200
    response = actor("health_worker").get(LIST, {"assigned": str(doctor.pk)})
    assert response.status_code == 200


def test_a_group_of_near_duplicates(actor, two):
    group = Radiograph.objects.get(copy_group__isnull=False).copy_group
    assert shown(actor("doctor").get(LIST, {"copy_group": str(group)}), two) == {"one"}


@pytest.mark.parametrize(("asked", "expected"), [("true", {"one", "copy"}), ("false", {"other"})])
def test_near_duplicates(actor, two, doctor, asked, expected):
    copy = factories.make_radiograph(uploader=doctor, seed=3)
    group = Radiograph.objects.exclude(pk=copy.pk).get(copy_group__isnull=False).copy_group
    Radiograph.objects.filter(pk=copy.pk).update(copy_group=group)
    found = actor("doctor").get(LIST, {"copies": asked})
    assert shown(found, two | {copy.pk: "copy"}) == expected


def test_a_batch(actor, two, doctor, site):
    batch = UploadBatch.objects.create(site=site, owner=doctor, client_key=uuid.uuid4())
    one = next(key for key, name in two.items() if name == "one")
    IncomingFile.objects.create(
        batch=batch, position=1, name_key="k", size=1, sha256="s", radiograph_id=one
    )
    assert shown(actor("doctor").get(LIST, {"batch": str(batch.pk)}), two) == {"one"}


def test_a_batch_of_somebody_else_is_no_batch(actor, two, stranger, other_site):
    batch = UploadBatch.objects.create(site=other_site, owner=stranger, client_key=uuid.uuid4())
    assert actor("doctor").get(LIST, {"batch": str(batch.pk)}).status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        {"rt_pcr": "perhaps"}, {"view": "sideways"}, {"date_from": "soon"}, {"age_from": "old"},
        {"age_from": "-1"}, {"age_to": "200"}, {"date_from": "1800-01-01"}, {"sex": "x"},
        {"synthetic": "maybe"}, {"copies": "2"}, {"assigned": "stranger"}, {"batch": "none"},
        {"copy_group": "none"}, {"consent": "?"}, {"writing": "?"}, {"file_format": "tiff"},
        {"prediction": "?"}, {"q": "x" * 101}, {"date_to": "9999-12-31"},
        {"age_from": "50", "age_to": "40"}, {"date_from": "2022-01-02", "date_to": "2022-01-01"},
        {"sort": "luck"}, {"per_page": "7"}, {"after": "nothing"},
    ],
)  # fmt: skip
def test_what_is_not_valid_is_said_and_nothing_is_shown(actor, two, query):
    page = actor("doctor").get(LIST, query)
    assert (page.status_code, shown(page, two)) == (400, set())
    assert 'role="alert"' in page.content.decode()


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("synthetic=maybe", "synthetic"), ("age_from=old", "age_from"), ("q=" + "x" * 101, "q"),
        ("age_from=50&age_to=40", "age_to"), ("uploaded_from=soon", "uploaded_from"),
        ("prediction=luck", "prediction"),
    ],
)  # fmt: skip
def test_the_api_names_what_is_not_valid(actor, two, query, field):
    answer = actor("doctor").get(f"/api/v1/images/?{query}")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])


def test_the_api_has_the_same_filters(actor, two):
    rows = actor("doctor").get("/api/v1/images/?q=case&writing=suspected").json()["results"]
    assert [two[uuid.UUID(row["id"])] for row in rows] == ["one"]


@pytest.mark.parametrize("name", ["patient", "assigned", "batch", "writing", "consent"])
def test_researchers_have_no_filter_of_patients_or_staff(actor, two, name):
    page = actor("researcher").get("/images/more-filters/").content.decode()
    assert f'name="{name}"' not in page


@pytest.mark.parametrize("words", ["CASE", "OTHER", "ACC-9"])
def test_a_researchers_search_finds_no_code_and_no_own_id(actor, two, words):
    Patient.objects.update(consent_withdrawn_at=None)
    Radiograph.objects.update(text_state="clear")
    assert shown(actor("researcher").get(LIST), two) == {"one"}
    assert shown(actor("researcher").get(LIST, {"q": words}), two) == set()


def test_many_patients_are_found_like_few(actor, two, monkeypatch):
    monkeypatch.setattr("images.search.FEW", 0)
    assert shown(actor("doctor").get(LIST, {"q": "case"}), two) == {"one"}
