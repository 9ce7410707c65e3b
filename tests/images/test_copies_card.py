"""GET images/<id>/copies/: the card of very similar pictures."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from images.models import Radiograph
from images.services import trash
from images.views.copies import SOON
from tests import factories
from tests.images.conftest import SIGN_IN, WAITING, answer_of
from tests.images.copying import join_all, make_film

pytestmark = pytest.mark.django_db


def address(radiograph, **query) -> str:
    return reverse("images:copies", args=[radiograph.pk], query=query or None)


def shown(response) -> list[Radiograph]:
    return [alike.radiograph for alike in response.context["found"]]


@pytest.fixture
def pair(site):
    """Two copies under two patients of the cast's institution."""
    films = make_film("P-1", site=site, rt_pcr="positive"), make_film("P-2", site=site, crop=0.05)
    join_all()
    return films


ACCESS = {
    "anonymous": SIGN_IN, "pending": WAITING, "health_worker": 286, "doctor": 286,
    "researcher": 286, "administrator": 286, "site_administrator": 286, "stranger": 404,
}  # fmt: skip


@pytest.mark.parametrize("who", ACCESS)
def test_who_may_ask(actor, pair, who):
    assert answer_of(actor(who).get(address(pair[0]))) == ACCESS[who]


def test_each_shows_the_other_and_why(actor, pair):
    for one, other in (pair, pair[::-1]):
        response = actor("doctor").get(address(one))
        assert shown(response) == [other]
        assert reverse("images:thumbnail", args=[other.pk]) in response.text


def test_another_patient_is_pointed_out(actor, pair):
    (alike,) = actor("doctor").get(address(pair[0])).context["found"]
    assert not alike.same_patient


def test_what_is_in_the_trash_is_not_shown(actor, pair, doctor):
    trash(radiograph=pair[1], by=doctor)
    assert shown(actor("doctor").get(address(pair[0]))) == []


def test_researchers_are_shown_confirmed_copies_only(actor, pair):
    assert shown(actor("researcher").get(address(pair[0]))) == []


def test_a_copy_of_another_institution_leaves_no_trace(sign_in, site, other_site):
    own, foreign = make_film(site=site), make_film("CANARY-9", site=other_site, crop=0.05)
    join_all()
    reader = factories.UserFactory(role=Role.DOCTOR, site=site)
    client = sign_in(reader)
    answers = [client.get(address(own)), client.get(own.get_absolute_url())]
    answers += [client.get("/images/", {"copies": "true"})]
    for response in answers:
        assert str(foreign.pk) not in response.text
        assert "CANARY-9" not in response.text
    assert answers[0].text.strip() == ""
    assert answers[2].context["page"].rows == []


def test_the_filter_finds_copies_that_are_seen(actor, pair):
    assert len(actor("doctor").get("/images/", {"copies": "true"}).context["page"].rows) == 2


def test_it_asks_again_until_it_was_compared(actor, film):
    first = actor("doctor").get(address(film))
    assert (first.status_code, address(film, again=1) in first.text) == (200, True)
    assert actor("doctor").get(address(film, again=1)).status_code == 204
    join_all()
    assert actor("doctor").get(address(film, again=1)).status_code == 286


def test_it_gives_up_when_no_worker_comes(actor, film):
    Radiograph.objects.update(updated_at=timezone.now() - SOON)
    assert actor("doctor").get(address(film)).status_code == 286


def test_the_page_asks_for_it(actor, film):
    assert address(film) in actor("doctor").get(film.get_absolute_url()).text
