"""The list of radiographs with writing, and a person's word for several at once."""

import io

import pytest
from django.urls import reverse
from PIL import Image

from images.models import Radiograph
from images.models.radiograph import TextState
from images.services import trash
from tests.images.conftest import answer_of
from tests.images.drawn_names import store_named

LISTING = "/images/writing/"


@pytest.fixture
def named(doctor) -> Radiograph:
    return store_named(doctor, seed=1)


def shown(client) -> set:
    return {row.pk for row in client.get(LISTING).context["page"]}


def test_it_shows_what_is_suspected(actor, named, film):
    assert shown(actor("doctor")) == {named.pk}


def test_health_workers_see_what_they_uploaded(actor, named, health_worker):
    own = store_named(health_worker, seed=2, patient_code="P-0002")
    assert shown(actor("health_worker")) == {own.pk}


def test_other_institutions_are_not_shown(actor, named):
    assert shown(actor("stranger")) == set()


def test_administrators_of_the_platform_see_all(actor, named):
    assert shown(actor("administrator")) == {named.pk}


def test_the_trash_is_not_shown(actor, named, doctor):
    trash(radiograph=named, by=doctor)
    assert shown(actor("doctor")) == set()


def test_without_any_it_says_so(actor, film):
    assert 'class="empty"' in actor("doctor").get(LISTING).content.decode()


def test_several_are_settled_together(actor, named, doctor):
    other = store_named(doctor, seed=2, patient_code="P-0002")
    answer = actor("doctor").post(LISTING, {"chosen": [str(named.pk), str(other.pk)]})
    assert answer_of(answer) == 302
    assert set(Radiograph.objects.values_list("text_state", flat=True)) == {TextState.HARMLESS}


def test_nothing_chosen_is_said(actor, named):
    answer = actor("doctor").post(LISTING)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.content.decode()


@pytest.mark.parametrize("who", ["health_worker", "stranger"])
def test_others_radiographs_cannot_be_chosen(actor, named, who):
    assert actor(who).post(LISTING, {"chosen": [str(named.pk)]}).status_code == 400
    assert Radiograph.objects.get().text_state == TextState.SUSPECTED


def test_researchers_settle_nothing(actor, named):
    assert actor("researcher").post(LISTING, {"chosen": [str(named.pk)]}).status_code == 403


def test_what_is_written_is_cut_out(actor, named):
    answer = actor("doctor").get(reverse("images:writing_cutting", args=[named.pk]))
    picture = Image.open(io.BytesIO(answer.getvalue()))
    assert picture.width <= 360
    assert answer["Cache-Control"] == "private, no-store"


def test_without_boxes_the_whole_film_is_cut_out(actor, film):
    answer = actor("doctor").get(reverse("images:writing_cutting", args=[film.pk]))
    picture = Image.open(io.BytesIO(answer.getvalue()))
    assert picture.width / picture.height == pytest.approx(film.width / film.height, abs=0.05)


def test_a_missing_file_is_not_found(actor, named):
    named.file.storage.delete(named.file.name)
    address = reverse("images:writing_cutting", args=[named.pk])
    assert actor("doctor").get(address).status_code == 404
