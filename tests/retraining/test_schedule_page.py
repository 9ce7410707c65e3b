"""The page of a target's schedule."""

import pytest
from django.urls import reverse
from django.utils import timezone

from retraining import reasons
from retraining.models import RetrainingPlan
from tests.images.conftest import SIGN_IN, WAITING, answer_of

pytestmark = pytest.mark.django_db
ACCESS = {
    "anonymous": SIGN_IN, "pending": WAITING, "health_worker": 403, "doctor": 403,
    "researcher": 403, "site_administrator": 403, "administrator": 200,
}  # fmt: skip
SENT = {
    "is_on": "on", "every_days": "7", "after_cases": "", "architecture": "covid-xr-c",
    "extractor": "",
}  # fmt: skip


@pytest.fixture
def place(covid) -> str:
    return reverse("retraining:schedule", args=[covid.code])


@pytest.mark.parametrize(("who", "expected"), ACCESS.items())
def test_who_may_see_it(actor, place, who, expected):
    assert answer_of(actor(who).get(place)) == expected


@pytest.mark.parametrize(("who", "expected"), (ACCESS | {"administrator": 302}).items())
def test_who_may_change_it(actor, place, who, expected):
    assert answer_of(actor(who).post(place, SENT)) == expected
    assert RetrainingPlan.objects.exists() == (expected == 302)


def test_unattended_promotion_is_off_unless_ticked(actor, covid, place):
    actor("administrator").post(place, SENT)
    plan = RetrainingPlan.objects.get(target=covid)
    assert (plan.is_on, plan.every_days, plan.promotes) == (True, 7, False)
    actor("administrator").post(place, SENT | {"promotes": "on"})
    plan.refresh_from_db()
    assert plan.promotes


@pytest.mark.parametrize(
    "changes",
    [{"every_days": ""}, {"every_days": "0"}, {"every_days": "367"}, {"after_cases": "0"},
     {"architecture": "nonsense"}, {"extractor": "nonsense"}],
)  # fmt: skip
def test_impossible_plans_are_refused(actor, place, changes):
    answer = actor("administrator").post(place, SENT | changes)
    assert answer.status_code == 400
    assert answer.context["form"].errors
    assert not RetrainingPlan.objects.exists()


def test_a_whole_network_brings_its_own_extractor(actor, place):
    sent = SENT | {"architecture": "alexnet-grey", "extractor": "vgg16-block5"}
    actor("administrator").post(place, sent)
    assert RetrainingPlan.objects.get().extractor == ""


def test_it_says_why_nothing_trained(actor, covid, place):
    RetrainingPlan.objects.create(
        target=covid, is_on=True, every_days=7, looked_at=timezone.now(),
        skipped=reasons.UNCHANGED,
    )  # fmt: skip
    answer = actor("administrator").get(place)
    assert answer.context["skipped"] == [str(reasons.sentence_of(reasons.UNCHANGED))]
    assert answer.context["skipped"][0] in answer.content.decode()
