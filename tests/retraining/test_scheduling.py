"""Retraining that nobody asks for: when it is due, and why it was left out."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from accounts.models import AuditEntry
from core.jobs import JobStatus
from images.models import Radiograph
from retraining import plan_words, reasons, services
from retraining.models import PromotionRules, RetrainingPlan, TrainingRun, Trigger
from retraining.services.snapshots import take_snapshot
from tests.retraining.lists import confirmed_cases

pytestmark = pytest.mark.django_db


@pytest.fixture
def cases(covid, site) -> list[Radiograph]:
    PromotionRules.objects.create(target=covid, min_patients=2)
    return confirmed_cases(80, site=site, target=covid)


def plan_for(covid, **changes) -> RetrainingPlan:
    facts = {"is_on": True, "architecture": "logistic"} | changes
    return RetrainingPlan.objects.create(target=covid, **facts)


def trained(covid, days_ago: float = 0, **changes) -> TrainingRun:
    """A training that ended well, on the cases as they stand."""
    facts = {
        "architecture": "logistic", "extractor": "vgg16-block5", "status": JobStatus.DONE,
        "snapshot": take_snapshot(target=covid),
    }  # fmt: skip
    run = TrainingRun.objects.create(target=covid, **(facts | changes))
    moment = timezone.now() - timedelta(days=days_ago)
    TrainingRun.objects.filter(pk=run.pk).update(created_at=moment)
    return run


def looked_at(plan: RetrainingPlan) -> RetrainingPlan:
    services.look_at_plans()
    plan.refresh_from_db()
    return plan


def test_a_plan_that_was_never_due_trains_at_once(covid, cases):
    plan = looked_at(plan_for(covid, every_days=7))
    assert plan.last_run == TrainingRun.objects.get()
    assert (plan.last_run.trigger, plan.last_run.architecture) == (Trigger.WEEKLY, "logistic")
    assert (plan.skipped, plan.last_run.requested_by) == ("", None)


def test_a_plan_that_is_off_does_nothing(covid, cases):
    plan_for(covid, every_days=1, is_on=False)
    assert services.look_at_plans() == 0


def test_not_before_its_day(covid, cases):
    trained(covid, days_ago=6.9)
    plan = looked_at(plan_for(covid, every_days=7))
    assert (plan.last_run, plan.looked_at) == (None, None)


def test_unchanged_data_is_left_out_with_the_reason(covid, cases):
    trained(covid, days_ago=8)
    plan = looked_at(plan_for(covid, every_days=7))
    assert (plan.last_run, plan.skipped) == (None, reasons.UNCHANGED)
    assert plan.skipped_facts == {"cases": 80}
    assert plan_words.skipped_in_words(plan)


def test_left_out_it_is_due_again_after_its_days(covid, cases, site):
    trained(covid, days_ago=8)
    plan = looked_at(plan_for(covid, every_days=7))
    confirmed_cases(10, site=site, target=covid, first=1000)
    assert looked_at(plan).last_run is None
    with time_machine.travel(timezone.now() + timedelta(days=7, hours=1), tick=False):
        assert looked_at(plan).last_run is not None
    assert plan.skipped == ""


def test_changed_data_train(covid, cases, site):
    trained(covid, days_ago=8)
    confirmed_cases(2, site=site, target=covid, first=1000)
    assert looked_at(plan_for(covid, every_days=7)).last_run.trigger == Trigger.WEEKLY


def test_another_architecture_is_no_repetition(covid, cases):
    trained(covid, days_ago=8, architecture="covid-xr-c")
    assert looked_at(plan_for(covid, every_days=7)).last_run is not None


def test_after_so_many_new_cases(covid, cases, site):
    trained(covid)
    plan = plan_for(covid, after_cases=10)
    confirmed_cases(9, site=site, target=covid, first=1000)
    assert looked_at(plan).last_run is None
    confirmed_cases(1, site=site, target=covid, first=2000)
    assert looked_at(plan).last_run.trigger == Trigger.CASES


def test_new_cases_that_may_not_train_do_not_count(covid, cases, site):
    trained(covid)
    films = confirmed_cases(10, site=site, target=covid, first=1000)
    Radiograph.objects.filter(pk=films[0].pk).update(is_synthetic=True)
    assert looked_at(plan_for(covid, after_cases=10)).last_run is None


def test_a_failed_training_is_not_begun_again_each_hour(covid, cases):
    plan = looked_at(plan_for(covid, after_cases=10))
    TrainingRun.objects.update(status=JobStatus.FAILED)
    assert services.look_at_plans() == 0
    assert TrainingRun.objects.count() == 1
    assert looked_at(plan).skipped == ""


def test_an_open_run_is_waited_for_until_the_next_hour(covid, cases):
    run = trained(covid, days_ago=8, status=JobStatus.RUNNING)
    plan = looked_at(plan_for(covid, every_days=7))
    assert plan.skipped == reasons.RUN_OPEN
    TrainingRun.objects.filter(pk=run.pk).update(status=JobStatus.FAILED)
    assert looked_at(plan).last_run is not None


def test_cases_that_cannot_be_trained_with_are_left_out(covid, site):
    confirmed_cases(4, site=site, target=covid)
    plan = looked_at(plan_for(covid, every_days=7))
    assert (plan.last_run, plan.skipped) == (None, reasons.NOT_READY)
    assert len(plan_words.skipped_in_words(plan)) >= 2


def test_one_plan_that_breaks_stops_no_other(covid, cases, monkeypatch):
    from retraining.services import scheduling

    other = type(covid).objects.get(code="chest-three-classes")
    plan_for(other, every_days=7)
    plan = plan_for(covid, every_days=7)
    real = scheduling.plan_of

    def broken(target):
        if target == other:
            raise OSError
        return real(target)

    monkeypatch.setattr(scheduling, "plan_of", broken)
    assert services.look_at_plans() == 1
    plan.refresh_from_db()
    assert plan.last_run is not None


def test_a_change_is_noted(covid, administrator):
    services.change_plan(target=covid, by=administrator, is_on=True, every_days=7)
    plan = services.change_plan(target=covid, by=administrator, promotes=True)
    assert (plan.every_days, plan.promotes) == (7, True)
    entry = AuditEntry.objects.filter(subject="retraining-plan").first()
    assert (entry.before, entry.after) == (
        {"promotes": False}, {"target": "covid-19", "promotes": True},
    )  # fmt: skip


def test_a_plan_that_is_on_has_an_occasion(covid, administrator):
    with pytest.raises(ValidationError):
        services.change_plan(target=covid, by=administrator, is_on=True)
    assert not RetrainingPlan.objects.exists()


@pytest.mark.parametrize("who", ["doctor", "site_administrator"])
def test_others_change_no_plan(covid, request, who):
    with pytest.raises(PermissionDenied):
        services.change_plan(target=covid, by=request.getfixturevalue(who), is_on=False)


def test_what_is_said_of_a_plan(covid):
    assert plan_words.state_of(None) == plan_words.state_of(plan_for(covid, is_on=False))
    RetrainingPlan.objects.update(is_on=True, every_days=7, after_cases=50)
    said = plan_words.occasions_of(RetrainingPlan.objects.get())
    assert ["7" in said[0], "50" in said[1]] == [True, True]
