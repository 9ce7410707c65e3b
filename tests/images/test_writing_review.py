"""The page on which a person covers what is written, or says that it names nobody."""

import numpy as np
import pytest
from django.urls import reverse

from images.models import Radiograph, Redaction
from images.models.radiograph import TextState
from images.stored import pixels_of
from tests.images.conftest import SIGN_IN, WAITING, answer_of
from tests.images.drawn_names import store_named

PEOPLE = {
    "anonymous": SIGN_IN, "pending": WAITING, "health_worker": 404, "doctor": 302,
    "researcher": 403, "administrator": 302, "site_administrator": 302, "stranger": 404,
}  # fmt: skip
BOX = (10, 20, 30, 40)


@pytest.fixture
def named(doctor) -> Radiograph:
    return store_named(doctor, seed=1)


def address(radiograph):
    return reverse("images:writing_review", args=[radiograph.pk])


def sent(verdict, *boxes, **more):
    """What the page's form sends."""
    data = {"verdict": verdict, "box-TOTAL_FORMS": len(boxes), "box-INITIAL_FORMS": 0}
    for number, box in enumerate(boxes):
        data |= {
            f"box-{number}-{side}": value
            for side, value in zip(("left", "top", "width", "height"), box, strict=True)
            if value is not None
        }
    return data | more


@pytest.mark.parametrize("verdict", ["harmless", "cover"])
@pytest.mark.parametrize(("who", "expected"), PEOPLE.items())
def test_who_may_judge(actor, named, who, expected, verdict):
    assert answer_of(actor(who).post(address(named), sent(verdict, BOX))) == expected
    is_settled = Radiograph.objects.get().text_state != TextState.SUSPECTED
    assert is_settled == (expected == 302)


def test_the_boxes_that_were_found_are_drawn_and_typed(actor, named):
    page = actor("doctor").get(address(named)).content.decode()
    left, top, width, height = named.text_boxes[0]
    assert (
        f'<rect class="writing-box" x="{left}" y="{top}" width="{width}" height="{height}"/>'
        in page
    )
    assert f'name="box-0-left" value="{left}"' in page


def test_boxes_are_covered(actor, named):
    actor("doctor").post(address(named), sent("cover", BOX, (100, 100, 5, 5)))
    array = pixels_of(Radiograph.objects.get()).array
    assert not array[20:60, 10:40].any()
    assert not array[100:105, 100:105].any()
    assert np.count_nonzero(array) > array.size / 2


def test_boxes_that_are_taken_away_are_not_covered(actor, named):
    taken = {"box-1-DELETE": "on"}
    actor("doctor").post(address(named), sent("cover", BOX, (100, 100, 5, 5), **taken))
    assert Redaction.objects.get().boxes == [list(BOX)]


def test_empty_rows_are_no_boxes(actor, named):
    empty = (None, None, None, None)
    actor("doctor").post(address(named), sent("cover", BOX, empty, empty))
    assert Redaction.objects.get().boxes == [list(BOX)]


@pytest.mark.parametrize(
    "boxes", [[], [(None, None, None, None)], [(-1, 0, 5, 5)], [(0, 0, 0, 5)], [(0, 0, 5, 90_000)],
              [("x", 0, 5, 5)], [(1, 2, 3, None)]],
)  # fmt: skip
def test_bad_boxes_are_refused(actor, named, boxes):
    assert actor("doctor").post(address(named), sent("cover", *boxes)).status_code == 400
    assert not Redaction.objects.exists()


def test_too_many_boxes_are_refused(actor, named):
    answer = actor("doctor").post(address(named), sent("cover", *([BOX] * 101)))
    assert answer.status_code == 400


@pytest.mark.parametrize("data", [{}, {"verdict": "burn"}])
def test_without_a_verdict_nothing_happens(actor, named, data):
    assert actor("doctor").post(address(named), data).status_code == 400


def test_a_clear_radiograph_can_be_covered_too(actor, film):
    assert answer_of(actor("doctor").post(address(film), sent("cover", BOX))) == 302
    assert Radiograph.objects.get().text_state == TextState.REDACTED


def test_a_clear_radiograph_asks_for_no_verdict(actor, film):
    assert 'value="harmless"' not in actor("doctor").get(address(film)).content.decode()


def test_the_next_one_comes_by_itself(actor, named, doctor):
    following = store_named(doctor, seed=2, patient_code="P-0002")
    answer = actor("doctor").post(address(named), sent("harmless", next="1"))
    assert answer["Location"] == address(following)


def test_after_the_last_one_comes_the_radiograph(actor, named):
    answer = actor("doctor").post(address(named), sent("harmless", next="1"))
    assert answer["Location"] == named.get_absolute_url()


def test_a_refusal_is_a_sentence(actor, named, monkeypatch):
    from images import services
    from images.errors import Refused

    def refuse(**asked):
        raise Refused("covered-twin")

    monkeypatch.setattr(services, "cover", refuse)
    answer = actor("doctor").post(address(named), sent("cover", BOX))
    assert answer.status_code == 400
    assert 'role="alert"' in answer.content.decode()


def test_a_missing_file_is_not_found(actor, named):
    named.file.storage.delete(named.file.name)
    assert actor("doctor").post(address(named), sent("cover", BOX)).status_code == 404
