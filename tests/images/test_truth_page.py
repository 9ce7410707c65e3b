"""The page that records ground truth, and the card that shows its history."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import override

from images.models import GroundTruth, Radiograph
from images.shifting import shifted_day
from tests import factories

DAY = date(2020, 4, 10)
NOTHING = {"covid-19-result": "", "chest-three-classes-result": ""}
HTMX = {"HX-Request": "true"}
ENGLISH = {"accept-language": "en"}


def address(film) -> str:
    return reverse("images:truth", args=[film.pk])


def state(client, film, headers=None, **typed):
    sent = NOTHING | {f"covid-19-{name}": value for name, value in typed.items()}
    return client.post(address(film), sent, headers=ENGLISH | (headers or {}))


def current(film) -> GroundTruth:
    return film.truths.current().select_related("target_class").get()


def page(client, film) -> str:
    return client.get(film.get_absolute_url(), headers=ENGLISH).content.decode()


def form_of(client, film):
    forms = client.get(address(film)).context["forms"]
    return next(form for form in forms if form.target.code == "covid-19")


def test_records_all_that_a_laboratory_says(actor, own_film):
    state(
        actor("doctor"), own_film, result="indeterminate", tested_on="2020-04-02",
        laboratory="Central", kit="N1/N2",
    )  # fmt: skip
    row = current(own_film)
    assert (row.result, row.tested_on, row.laboratory, row.kit) == (
        "indeterminate", date(2020, 4, 2), "Central", "N1/N2",
    )  # fmt: skip


def test_a_reason_is_asked_for_changes_alone(actor, own_film, film):
    client = actor("doctor")
    assert "reason" not in form_of(client, own_film).fields
    state(client, film, result="no-covid-19", reason="The sample was another person's")
    assert current(film).reason == "The sample was another person's"


def test_the_form_carries_what_stood_on_the_page(actor, own_film, film):
    client = actor("doctor")
    assert form_of(client, own_film)["expected"].value() == ""
    assert form_of(client, film)["expected"].value() == str(current(film).pk)


def test_who_came_second_is_told(actor, own_film, site_administrator):
    factories.state_truth(own_film, "positive", by=site_administrator)
    answer = state(actor("doctor"), own_film, expected="", result="no-covid-19", kit="N1")
    assert answer.status_code == 409
    assert current(own_film).result == "positive"
    text = answer.content.decode()
    assert "Sara Site" in text
    assert "Diego Doctor" in text
    form = next(each for each in answer.context["forms"] if each.conflict)
    assert [said.row.result for said in form.conflict] == ["positive", "negative"]
    assert (form["result"].value(), form["kit"].value()) == ("no-covid-19", "N1")


def test_what_was_typed_can_be_stated_again_on_purpose(actor, own_film, site_administrator):
    factories.state_truth(own_film, "positive", by=site_administrator)
    client = actor("doctor")
    answer = state(client, own_film, expected="", result="no-covid-19")
    form = next(each for each in answer.context["forms"] if each.conflict)
    again = {name: form[name].value() or "" for name in ("result", "tested_on", "expected")}
    assert state(client, own_film, **again).status_code == 302
    assert current(own_film).result == "negative"
    assert own_film.truths.count() == 3


def test_a_field_left_alone_states_nothing(actor, film, site_administrator):
    """Who changes another target does not put back what somebody corrected meanwhile."""
    client, seen = actor("doctor"), current(film)
    factories.state_truth(film, "negative", by=site_administrator)
    sent = {
        "covid-19-result": "covid-19", "covid-19-expected": str(seen.pk),
        "chest-three-classes-result": "normal", "chest-three-classes-expected": "",
    }  # fmt: skip
    assert client.post(address(film), sent).status_code == 302
    rows = film.truths.current().select_related("target", "target_class")
    assert {row.target.code: row.result for row in rows} == {
        "covid-19": "negative", "chest-three-classes": "normal",
    }  # fmt: skip


@pytest.mark.parametrize("whose", ["nobody's", "another film's", "no key"])
def test_a_statement_that_never_stood_here(actor, film, own_film, doctor, whose):
    keys = {
        "nobody's": "0" * 32, "no key": "x",
        "another film's": str(factories.state_truth(own_film, "positive", by=doctor).pk),
    }  # fmt: skip
    answer = state(actor("doctor"), film, expected=keys[whose], result="no-covid-19")
    assert answer.status_code == 400
    assert film.truths.count() == 1


def test_with_htmx_success_leads_to_the_radiograph(actor, own_film):
    answer = state(actor("doctor"), own_film, HTMX, result="covid-19")
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (
        200, own_film.get_absolute_url(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "status"),
    [({"tested_on": "soon"}, 422), ({"expected": "", "result": "no-covid-19"}, 409)],
)
def test_with_htmx_the_form_alone_comes_back(actor, film, typed, status):
    answer = state(actor("doctor"), film, HTMX, **typed)
    assert answer.status_code == status
    assert answer.content.decode().count("<form") == 1
    assert b"<html" not in answer.content


@pytest.mark.parametrize("tested_on", ["1899-12-31", str(date.today() + timedelta(days=2))])
def test_impossible_days(actor, own_film, tested_on):
    answer = state(actor("doctor"), own_film, result="covid-19", tested_on=tested_on)
    assert answer.status_code == 400
    assert not own_film.truths.exists()


def test_before_birth(actor, own_film):
    Radiograph.objects.update(acquired_on=DAY, age_years=30)
    answer = state(actor("doctor"), own_film, result="covid-19", tested_on="1980-04-01")
    assert answer.status_code == 400
    assert "not born yet" in answer.content.decode()
    assert not own_film.truths.exists()


def test_of_another_institution_is_missing(actor, other_site):
    film = factories.make_radiograph(site=other_site)
    assert state(actor("doctor"), film, result="covid-19").status_code == 404
    assert not GroundTruth.objects.exists()


@pytest.mark.parametrize(
    ("apart", "words"),
    [
        (0, "radiograph on the day of the sample"),
        (1, "radiograph 1 day after the sample"),
        (-3, "radiograph 3 days before the sample"),
    ],
)
def test_the_card_shows_the_days_between(actor, film, apart, words):
    Radiograph.objects.update(acquired_on=DAY)
    factories.state_truth(film, "positive", tested_on=DAY - timedelta(days=apart))
    text = page(actor("doctor"), film)
    assert words in text
    assert "Does not train" not in text


def test_and_warns_where_they_are_too_many(actor, film):
    Radiograph.objects.update(acquired_on=DAY)
    factories.state_truth(film, "positive", tested_on=DAY - timedelta(days=21))
    assert "Does not train: 21 days lie between" in page(actor("doctor"), film)


def test_and_where_they_are_unknown_and_the_rule_wants_them(actor, film, site):
    client = actor("doctor")
    assert "Does not train" not in page(client, film)
    site.trains_undated = False
    site.save()
    assert "Does not train" in page(client, film)


def test_the_true_day_of_a_moved_film_is_nowhere(actor, film):
    Radiograph.objects.update(acquired_on=shifted_day(film.patient, DAY), date_is_shifted=True)
    factories.state_truth(film, "positive", tested_on=DAY - timedelta(days=3))
    text = page(actor("doctor"), film)
    assert "radiograph 3 days after the sample" in text
    assert "April 7, 2020" in text
    assert "April 10, 2020" not in text


def test_researchers_see_the_samples_day_moved_too(actor, film, doctor):
    Radiograph.objects.update(acquired_on=shifted_day(film.patient, DAY), date_is_shifted=True)
    factories.state_truth(
        film, "negative", tested_on=DAY - timedelta(days=3), reason="a reason of the house"
    )
    text = page(actor("researcher"), film)
    moved = shifted_day(film.patient, DAY - timedelta(days=3))
    with override("en"):
        assert f"sample of {date_format(moved)} (moved)" in text
    assert "April 7, 2020" not in text
    assert "a reason of the house" not in text
    assert "Diego Doctor" not in text


def test_the_card_shows_every_earlier_value(actor, film, site_administrator):
    first = current(film)
    factories.state_truth(film, "negative", by=site_administrator, laboratory="Central")
    state(actor("doctor"), film, expected=str(first.pk), result="indeterminate")
    text = page(actor("doctor"), film)
    assert "2 other statements" in text
    assert "corrected later" in text
    assert "not taken: it came second" in text
    assert "Laboratory: Central" in text
