"""Promotion without a person's word: only where the plan says so, and by the same rules."""

import pytest

from core.jobs import JobStatus
from inference.models import DeployedModel, Duty
from retraining import reasons, services
from retraining.models import (
    ModelVersion,
    Promotion,
    PromotionKind,
    PromotionRules,
    RetrainingPlan,
    ShortcutAudit,
    TrainingRun,
    Trigger,
)
from retraining.promotion import gate
from tests.retraining.versions import comparison_with, make_version, serve

pytestmark = pytest.mark.django_db


@pytest.fixture
def live(covid) -> DeployedModel:
    return serve(make_version(covid, 1))


@pytest.fixture
def plan(covid) -> RetrainingPlan:
    return RetrainingPlan.objects.create(target=covid, is_on=True, every_days=7, promotes=True)


@pytest.fixture
def run(covid) -> TrainingRun:
    return TrainingRun.objects.create(
        target=covid, architecture="logistic", status=JobStatus.DONE, trigger=Trigger.WEEKLY
    )


@pytest.fixture
def candidate(covid, live, run, plan) -> ModelVersion:
    return make_version(covid, 2, live=live, run=run)


def attempts() -> list[str]:
    return list(Promotion.objects.order_by("created_at").values_list("kind", flat=True))


def test_a_version_of_the_plan_serves_by_itself(candidate, covid):
    promotion = services.after_audit(candidate)
    assert (promotion.kind, promotion.requested_by) == (PromotionKind.PROMOTE, None)
    services.work_on_promotion()
    assert DeployedModel.objects.live(covid).sha256 == candidate.sha256


@pytest.mark.parametrize("changes", [{"promotes": False}, {"is_on": False}])
def test_never_unless_it_is_switched_on(candidate, covid, live, changes):
    RetrainingPlan.objects.update(**changes)
    assert services.after_audit(candidate) is None
    assert services.promote_due() == 0
    assert attempts() == []


@pytest.mark.parametrize("trigger", [Trigger.PAGE, Trigger.COMMAND])
def test_what_a_person_trained_waits_for_a_person(candidate, trigger):
    TrainingRun.objects.update(trigger=trigger)
    candidate.run.refresh_from_db()
    assert services.after_audit(candidate) is None


def test_what_was_taken_in_waits_for_a_person(covid, live, plan):
    assert services.after_audit(make_version(covid, 2, live=live)) is None


def test_an_older_version_is_left_alone(candidate, covid, live):
    make_version(covid, 3, live=live)
    assert services.after_audit(candidate) is None


def test_what_was_rolled_back_does_not_come_back(candidate, covid, live):
    services.after_audit(candidate)
    services.work_on_promotion()
    now = DeployedModel.objects.live(covid)
    services.request_rollback(target=covid, by=None, reason="worse", expected=now)
    services.work_on_promotion()
    assert services.after_audit(candidate) is None
    assert DeployedModel.objects.live(covid).sha256 == live.sha256


def test_a_worse_one_is_refused_on_record_and_once(covid, live, run, plan):
    worse = make_version(covid, 2, run=run, comparison=comparison_with(live, -0.3))
    services.after_audit(worse)
    services.work_on_promotion()
    promotion = Promotion.objects.get()
    assert (promotion.status, promotion.error_code) == (JobStatus.FAILED, reasons.GATE_CLOSED)
    assert [kept["rule"] for kept in promotion.verdict if not kept["is_met"]] == [gate.NOT_WORSE]
    assert DeployedModel.objects.live(covid) == live
    assert services.after_audit(worse) is None
    assert services.promote_due() == 0


def test_it_waits_for_the_audit(candidate, covid, live):
    ShortcutAudit.objects.update(status=JobStatus.QUEUED, has_passed=None)
    assert services.after_audit(candidate) is None
    assert attempts() == []
    ShortcutAudit.objects.update(status=JobStatus.DONE, has_passed=False)
    services.after_audit(candidate)
    services.work_on_promotion()
    assert Promotion.objects.get().error_code == reasons.GATE_CLOSED


def test_a_stale_comparison_is_made_again_and_once(candidate, covid, live):
    other = make_version(covid, 3, live=live)
    serve(other)
    ModelVersion.objects.filter(pk=candidate.pk).update(number=4)
    candidate.refresh_from_db()
    promotion = services.after_audit(candidate)
    assert promotion.kind == PromotionKind.COMPARE
    Promotion.objects.update(status=JobStatus.FAILED, error_code=reasons.NO_CASES)
    assert services.after_audit(candidate) is None


def test_the_shadow_first_where_the_rules_say_so(candidate, covid, live):
    PromotionRules.objects.create(target=covid, shadow_first=True, shadow_cases=1)
    assert services.after_audit(candidate).kind == PromotionKind.SHADOW
    services.work_on_promotion()
    assert DeployedModel.objects.shadows().get().sha256 == candidate.sha256
    assert services.promote_due() == 0
    PromotionRules.objects.update(shadow_first=False)
    assert services.promote_due() == 1
    services.work_on_promotion()
    assert DeployedModel.objects.live(covid).sha256 == candidate.sha256
    assert not DeployedModel.objects.filter(duty=Duty.SHADOW, ended_at=None).exists()


def test_an_attempt_that_was_overtaken_is_made_again(candidate, covid, live):
    services.after_audit(candidate)
    Promotion.objects.update(status=JobStatus.FAILED, error_code=reasons.OVERTAKEN)
    assert services.after_audit(candidate).is_open


def test_somebody_elses_attempt_is_waited_for(candidate, covid, live):
    Promotion.objects.create(target=covid, kind=PromotionKind.ROLLBACK, expected=live)
    assert services.after_audit(candidate) is None
