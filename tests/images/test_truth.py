"""The form for what the confirming test said."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from images.models import Target

NOTHING = {"covid-19-result": "", "chest-three-classes-result": ""}


def state(client, film, **typed):
    return client.post(reverse("images:truth", args=[film.pk]), NOTHING | typed)


def current(film) -> dict[str, str]:
    rows = film.truths.current().select_related("target", "target_class")
    return {row.target.code: row.result for row in rows}


def test_records_the_result_and_its_day(actor, own_film, doctor):
    response = state(
        actor("doctor"),
        own_film,
        **{"covid-19-result": "covid-19", "covid-19-tested_on": "2020-04-02"},
    )
    assert response.headers["Location"] == own_film.get_absolute_url()
    truth = own_film.truths.get()
    assert (truth.result, truth.tested_on, truth.entered_by) == (
        "positive",
        date(2020, 4, 2),
        doctor,
    )


def test_asks_for_every_active_target(actor, film):
    Target.objects.create(
        code="tuberculosis",
        name_es="Tuberculosis",
        name_en="Tuberculosis",
        confirming_test="GeneXpert",
    )
    Target.objects.filter(code="chest-three-classes").update(is_active=False)
    forms = actor("doctor").get(reverse("images:truth", args=[film.pk])).context["forms"]
    assert {form.target.code for form in forms} == {"covid-19", "tuberculosis"}


def test_begins_with_what_is_known(actor, film):
    forms = actor("doctor").get(reverse("images:truth", args=[film.pk])).context["forms"]
    assert {form.target.code: form["result"].value() for form in forms} == {
        "covid-19": "covid-19",
        "chest-three-classes": "",
    }


def test_two_targets_at_once(actor, own_film):
    state(
        actor("doctor"), own_film,
        **{"covid-19-result": "no-covid-19", "chest-three-classes-result": "viral-pneumonia"},
    )  # fmt: skip
    assert current(own_film) == {"covid-19": "negative", "chest-three-classes": "viral-pneumonia"}


def test_a_correction_keeps_what_was_said_before(actor, film):
    state(actor("doctor"), film, **{"covid-19-result": "no-covid-19"})
    assert current(film) == {"covid-19": "negative"}
    assert film.truths.count() == 2


def test_taking_a_result_back(actor, film):
    state(actor("doctor"), film)
    assert current(film) == {"covid-19": "unknown"}


def test_unchanged_adds_nothing(actor, film):
    state(actor("doctor"), film, **{"covid-19-result": "covid-19"})
    assert film.truths.count() == 1


def test_unknown_of_which_nothing_was_said_adds_nothing(actor, own_film):
    assert state(actor("doctor"), own_film).status_code == 302
    assert not own_film.truths.exists()


@pytest.mark.parametrize(
    "typed",
    [
        {"covid-19-tested_on": str(date.today() + timedelta(days=2))},
        {"covid-19-tested_on": "last week"},
        {"covid-19-result": "viral-pneumonia"},
        {"chest-three-classes-result": "positive"},
    ],
)
def test_refuses_and_records_nothing_at_all(actor, own_film, typed):
    """Not even the other target, of which the form is right."""
    right = {"covid-19-result": "covid-19", "chest-three-classes-result": "covid-19"}
    assert state(actor("doctor"), own_film, **right | typed).status_code == 400
    assert not own_film.truths.exists()
