"""The viewer's page: what it tells its script, and what it shows without one."""

import json
import re
from datetime import date

import pytest
from django.urls import reverse

from tests.factories import SiteFactory, UserFactory, make_radiograph


def page_of(client, radiograph):
    return client.get(reverse("images:viewer", args=[radiograph.pk])).content.decode()


def told(page, name):
    found = re.search(rf'<script id="{name}" type="application/json">(.*?)</script>', page)
    return json.loads(found.group(1))


@pytest.fixture
def doctors(actor):
    return actor("doctor")


def test_the_plain_picture_is_there_without_a_script(doctors, film):
    assert f'src="{reverse("images:picture", args=[film.pk])}"' in page_of(doctors, film)


def test_controls_are_hidden_until_the_script_shows_them(doctors, film):
    page = page_of(doctors, film)
    assert "data-viewer-bar hidden" in page
    assert "data-viewer-controls hidden" in page


def test_it_says_that_it_is_no_diagnosis(doctors, film):
    assert 'class="callout"' in page_of(doctors, film)


def test_sizes_grow_up_to_the_film_itself(doctors, film):
    assert told(page_of(doctors, film), "viewer-film")["sides"] == [96]


def test_other_films_of_the_patient_are_offered_newest_first(doctors, film, doctor):
    rows = [
        make_radiograph(
            uploader=doctor, seed=40 + day, patient_code=film.patient.code,
            acquired_on=date(2020, 3, day),
        )
        for day in (3, 9, 6)
    ]  # fmt: skip
    offered = [row["id"] for row in told(page_of(doctors, film), "viewer-priors")]
    assert offered == [str(rows[place].pk) for place in (1, 2, 0)]


def test_films_of_other_patients_are_not_offered(doctors, film, doctor):
    make_radiograph(uploader=doctor, seed=50, patient_code="P-OTHER")
    assert told(page_of(doctors, film), "viewer-priors") == []


def test_a_patient_of_the_same_code_elsewhere_is_another_patient(doctors, film):
    elsewhere = UserFactory(site=SiteFactory(), role="doctor")
    make_radiograph(uploader=elsewhere, seed=51, patient_code=film.patient.code)
    assert told(page_of(doctors, film), "viewer-priors") == []


def test_researchers_are_offered_confirmed_films_only(actor, film, doctor):
    code = film.patient.code
    make_radiograph(uploader=doctor, seed=52, patient_code=code)
    shown = make_radiograph(uploader=doctor, seed=53, patient_code=code, rt_pcr="negative")
    page = page_of(actor("researcher"), film)
    assert [row["id"] for row in told(page, "viewer-priors")] == [str(shown.pk)]


def test_the_radiographs_page_leads_here_by_link_and_key(doctors, film):
    page = doctors.get(film.get_absolute_url()).content.decode()
    address = reverse("images:viewer", args=[film.pk])
    assert re.search(rf'<a [^>]*href="{address}"[^>]*data-key="v"', page)
