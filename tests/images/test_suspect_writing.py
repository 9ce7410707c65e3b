"""A radiograph that comes in with writing in it waits for a person before others see it."""

import io

import pytest
from django.core.management import call_command
from django.urls import reverse

from images.decoding import Decoded, Facts
from images.exports import labelled
from images.models import Radiograph
from images.models.radiograph import TextState
from images.radiograph import RadiographPixels
from images.services import patient_of, store_radiograph, trash
from images.services.redaction import writing_facts
from images.synthetic import draw
from tests.factories import chest_array, state_truth
from tests.images.drawn_names import store_named

SETTLED = [TextState.CLEAR, TextState.HARMLESS, TextState.REDACTED]


@pytest.fixture
def named(doctor) -> Radiograph:
    """A confirmed radiograph with a name in it."""
    radiograph = store_named(doctor, seed=1)
    state_truth(radiograph, "positive")
    return radiograph


def say(state: TextState) -> None:
    Radiograph.objects.update(text_state=state)


def test_it_is_suspected_with_its_boxes(named):
    named.refresh_from_db()
    assert named.text_state == TextState.SUSPECTED
    assert [len(box) for box in named.text_boxes] == [4] * len(named.text_boxes)
    assert named.text_boxes


def test_one_without_writing_is_clear(film):
    assert (film.text_state, film.text_boxes) == (TextState.CLEAR, [])


def test_the_word_of_the_device_counts(db):
    pixels = RadiographPixels.eight_bit(chest_array())
    said = Decoded(pixels, "dicom", Facts(burned_in_annotation=True))
    assert writing_facts(said, is_synthetic=False)["text_state"] == TextState.SUSPECTED


def test_the_mark_of_a_drawn_film_is_not_suspected(doctor):
    stored = store_radiograph(
        stream=io.BytesIO(draw(3, opacities=True).to_png()), is_synthetic=True,
        patient=patient_of(site=doctor.site, code="P-3"), uploader=doctor,
    )  # fmt: skip
    assert stored.radiograph.text_state == TextState.CLEAR


@pytest.mark.parametrize("name", ["detail", "picture", "thumbnail", "viewer", "window", "windows"])
def test_researchers_do_not_see_it(actor, named, name):
    assert actor("researcher").get(reverse(f"images:{name}", args=[named.pk])).status_code == 404


@pytest.mark.parametrize("state", SETTLED)
def test_researchers_see_it_once_it_is_settled(actor, named, state):
    say(state)
    assert actor("researcher").get(named.get_absolute_url()).status_code == 200


@pytest.mark.parametrize("who", ["health_worker", "doctor", "administrator"])
def test_the_staff_see_it_with_a_badge(actor, named, who):
    page = actor(who).get(named.get_absolute_url())
    assert reverse("images:writing_review", args=[named.pk]) in page.content.decode() or (
        who == "health_worker" and "bi-type" in page.content.decode()
    )


def test_no_export_has_it(named):
    assert not labelled(Radiograph.objects.all()).exists()


@pytest.mark.parametrize("state", SETTLED)
def test_exports_have_it_once_it_is_settled(named, state):
    say(state)
    assert labelled(Radiograph.objects.all()).get() == named


def test_what_is_in_the_trash_waits_for_nobody(named, doctor):
    trash(radiograph=named, by=doctor)
    assert not Radiograph.objects.suspected().exists()


@pytest.fixture
def look_again(capsys):
    def run(*arguments: str) -> str:
        call_command("find_writing", *arguments)
        return capsys.readouterr().out.strip()

    return run


def test_older_rows_are_looked_at(named, film, look_again):
    say(TextState.CLEAR)
    assert look_again() == "looked=2 suspected=1 unreadable=0"
    named.refresh_from_db()
    assert named.text_state == TextState.SUSPECTED
    assert named.text_boxes


def test_a_verdict_stands(named, look_again):
    say(TextState.HARMLESS)
    assert look_again() == "looked=0 suspected=0 unreadable=0"


def test_another_institution_is_left_alone(named, other_site, look_again):
    say(TextState.CLEAR)
    assert look_again("--site", other_site.code) == "looked=0 suspected=0 unreadable=0"


def test_a_missing_file_stops_nothing(named, look_again):
    say(TextState.CLEAR)
    named.file.storage.delete(named.file.name)
    assert look_again() == "looked=1 suspected=0 unreadable=1"
