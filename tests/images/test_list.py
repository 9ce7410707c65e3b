"""The list of radiographs and its filters."""

from datetime import date, timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from images.pseudonyms import pseudonym
from images.services import trash
from tests import factories

LIST = "/images/"


@pytest.fixture
def several(doctor, health_worker):
    """Four radiographs that differ in all that can be asked for, by a short name each."""
    made = factories.make_radiograph
    return {
        "positive": made(
            uploader=doctor, seed=1, patient_code="A-1", rt_pcr="positive", view="PA",
            acquired_on=date(2020, 3, 1), source="north",
        ),
        "negative": made(
            uploader=doctor, seed=2, patient_code="A-2", rt_pcr="negative", view="AP",
            acquired_on=date(2020, 4, 1),
        ),
        "unknown": made(uploader=health_worker, seed=3, patient_code="B-1"),
        "drawn": made(uploader=doctor, seed=4, patient_code="B-2", is_synthetic=True),
    }  # fmt: skip


def shown(response, several) -> set[str]:
    keys = {radiograph.pk: name for name, radiograph in several.items()}
    return {keys[radiograph.pk] for radiograph in response.context["page"].rows}


YESTERDAY = str(date.today() - timedelta(days=1))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, {"positive", "negative", "unknown", "drawn"}),
        ({"patient": "a-"}, {"positive", "negative"}),
        ({"patient": "zzz"}, set()),
        ({"rt_pcr": "positive"}, {"positive"}),
        ({"rt_pcr": "negative"}, {"negative"}),
        ({"rt_pcr": "unknown"}, {"unknown", "drawn"}),
        ({"rt_pcr": "indeterminate"}, set()),
        ({"view": "PA"}, {"positive"}),
        ({"view": "unknown"}, {"unknown", "drawn"}),
        ({"date_from": "2020-03-15", "date_to": "2020-04-01"}, {"negative"}),
        ({"date_to": "2020-03-01"}, {"positive"}),
        ({"date_from": YESTERDAY}, {"unknown", "drawn"}),
        ({"source": "NOR"}, {"positive"}),
        ({"synthetic": "true"}, {"drawn"}),
        ({"synthetic": "false"}, {"positive", "negative", "unknown"}),
        ({"mine": "true"}, {"positive", "negative", "drawn"}),
        ({"mine": "false"}, {"unknown"}),
        ({"patient": "A", "rt_pcr": "positive", "view": "PA"}, {"positive"}),
    ],
)
def test_filters(actor, several, query, expected):
    assert shown(actor("doctor").get(LIST, query), several) == expected


def test_a_corrected_result_counts_as_corrected(actor, several):
    factories.state_truth(several["positive"], "negative")
    found = actor("doctor").get(LIST, {"rt_pcr": "positive"})
    assert shown(found, several) == set()


def test_newest_first(actor, several):
    rows = [row.pk for row in actor("doctor").get(LIST).context["page"].rows]
    assert rows == [row.pk for row in reversed(several.values())]


def test_leaves_out_the_trash(actor, several, doctor):
    trash(radiograph=several["positive"], by=doctor)
    assert "positive" not in shown(actor("doctor").get(LIST), several)


def test_other_institutions_do_not_appear(actor, several):
    assert shown(actor("stranger").get(LIST), several) == set()


def test_an_administrator_of_the_platform_chooses_institutions(actor, several, other_site):
    elsewhere = factories.make_radiograph(site=other_site, seed=9)
    page = actor("administrator").get(LIST, {"site": other_site.code})
    assert shown(page, several | {"elsewhere": elsewhere}) == {"elsewhere"}


def test_nobody_else_does(actor, several, other_site):
    page = actor("doctor").get(LIST, {"site": other_site.code})
    assert shown(page, several) == set(several)


class TestForResearchers:
    def test_only_confirmed_cases(self, actor, several):
        assert shown(actor("researcher").get(LIST), several) == {"positive", "negative"}

    def test_patients_have_pseudonyms(self, actor, several):
        page = actor("researcher").get(LIST).content.decode()
        assert pseudonym(several["positive"].patient) in page
        assert "A-1" not in page

    def test_codes_cannot_be_guessed_by_searching(self, actor, several):
        found = actor("researcher").get(LIST, {"patient": "A-1"})
        assert shown(found, several) == {"positive", "negative"}

    def test_uploaders_stay_unnamed(self, actor, several, doctor):
        assert doctor.full_name not in actor("researcher").get(LIST).content.decode()


def test_synthetic_images_are_marked(actor, several):
    page = actor("doctor").get(LIST, {"synthetic": "true"}).content.decode()
    assert 'class="synthetic"' in page


def test_predictions_are_asked_for_once(actor, several):
    page = actor("doctor").get(LIST).content.decode()
    assert page.count('hx-get="/inference/badges') == 1
    for radiograph in several.values():
        assert f"id={radiograph.pk}" in page
        assert f'id="badge-{radiograph.pk}"' in page


def test_the_number_of_queries_does_not_grow(actor, doctor):
    client = actor("doctor")
    factories.make_radiograph(uploader=doctor, seed=100, rt_pcr="positive")
    few = queries_of(client)
    for seed in range(101, 112):
        factories.make_radiograph(
            uploader=doctor, seed=seed, patient_code=f"P-{seed}", rt_pcr="negative"
        )
    assert queries_of(client) == few


def queries_of(client) -> int:
    client.get(LIST)
    cache.clear()
    with CaptureQueriesContext(connection) as captured:
        assert client.get(LIST).status_code == 200
    return len(captured)


def test_says_so_when_there_is_nothing(actor, site):
    assert 'class="empty"' in actor("doctor").get(LIST).content.decode()


def test_a_moved_date_is_said_to_be_moved(actor, film):
    film.acquired_on, film.date_is_shifted = date(2020, 3, 1), True
    film.save()
    page = actor("doctor").get(LIST, headers={"accept-language": "en"}).content.decode()
    assert "(moved)" in page


def test_an_indeterminate_result_is_shown_and_found(actor, doctor):
    film = factories.make_radiograph(uploader=doctor, seed=7)
    factories.state_truth(film, "indeterminate")
    english = {"accept-language": "en"}
    page = actor("doctor").get(LIST, {"rt_pcr": "indeterminate"}, headers=english)
    assert [row.pk for row in page.context["page"].rows] == [film.pk]
    assert "RT-PCR: indeterminate" in page.content.decode()
