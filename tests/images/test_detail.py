"""The page of one radiograph."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from images.services import trash
from tests import factories


def page(client, film) -> str:
    response = client.get(film.get_absolute_url())
    assert response.status_code == 200
    return response.content.decode()


def offers(html: str, film) -> set[str]:
    names = ("edit", "truth", "trash_one", "restore", "delete")
    return {name for name in names if reverse(f"images:{name}", args=[film.pk]) + '"' in html}


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("health_worker", set()),
        ("doctor", {"edit", "truth", "trash_one"}),
        ("researcher", set()),
        ("administrator", {"edit", "truth", "trash_one"}),
    ],
)
def test_offers_what_the_person_may_do(actor, film, who, expected):
    assert offers(page(actor(who), film), film) == expected


def test_offers_health_workers_the_care_of_their_uploads(actor, own_film):
    assert offers(page(actor("health_worker"), own_film), own_film) == {"edit", "trash_one"}


@pytest.mark.parametrize(
    ("who", "expected"), [("doctor", {"restore", "delete"}), ("health_worker", set())]
)
def test_offers_in_the_trash(actor, film, doctor, who, expected):
    trash(radiograph=film, by=doctor)
    assert offers(page(actor(who), film), film) == expected


def test_asks_for_the_prediction(actor, film):
    html = page(actor("doctor"), film)
    assert f'hx-get="{reverse("inference:panel", args=[film.pk])}" hx-trigger="load"' in html


def test_shows_the_history_of_the_result(actor, film, doctor):
    factories.state_truth(film, "negative")
    response = actor("doctor").get(film.get_absolute_url())
    [covid] = response.context["truths"]
    rows = [said.row for said in (covid.current, *covid.earlier)]
    results = [(row.result, row.is_current) for row in rows]
    assert results == [("negative", True), ("positive", False)]
    assert doctor.full_name in response.content.decode()


def test_marks_synthetic_images(actor, doctor):
    drawn = factories.make_radiograph(uploader=doctor, seed=5, is_synthetic=True)
    assert 'class="synthetic"' in page(actor("doctor"), drawn)


def test_researchers_read_no_code_name_or_note(actor, doctor):
    film = factories.make_radiograph(
        uploader=doctor,
        seed=5,
        patient_code="SECRET-1",
        notes="seen by Dr. Pérez",
        rt_pcr="negative",
    )
    html = page(actor("researcher"), film)
    assert not [word for word in ("SECRET-1", "Pérez", doctor.full_name) if word in html]


def test_what_people_typed_is_text_and_never_markup(actor, doctor):
    film = factories.make_radiograph(uploader=doctor, seed=5, notes="<script>alert(1)</script>")
    assert "<script>alert" not in page(actor("doctor"), film)


def test_the_number_of_queries_does_not_grow_with_the_history(actor, film):
    client = actor("doctor")

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page(client, film)
        return len(captured)

    queries()
    few = queries()
    for result in ("negative", "unknown", "positive", "negative"):
        factories.state_truth(film, result)
    assert queries() == few
