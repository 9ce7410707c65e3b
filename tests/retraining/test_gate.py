"""The gate: every rule, met or not, and what is missing is never met."""

import pytest

from core.jobs import JobStatus
from inference.models import DeployedModel, Duty, Prediction, ShadowScore
from retraining.ml.shortcut import TOO_FEW, WITHOUT_LUNGS
from retraining.models import PromotionRules, ShortcutAudit
from retraining.promotion import gate
from tests.factories import make_radiograph
from tests.retraining.versions import (
    comparison_with,
    evaluation,
    figure,
    make_version,
    serve,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def live(covid) -> DeployedModel:
    return serve(make_version(covid, 1))


@pytest.fixture
def rules(covid) -> PromotionRules:
    return PromotionRules(target=covid)


def unmet(version, rules, live) -> set[str]:
    return {result.rule for result in gate.unmet(gate.judge(version, rules, live))}


def test_a_good_version_meets_all(covid, rules, live):
    assert unmet(make_version(covid, 2, live=live), rules, live) == set()


def test_nothing_serves_yet(covid, rules):
    assert unmet(make_version(covid, 1), rules, None) == set()


def test_a_version_without_any_evidence_meets_nothing(covid, rules, live):
    version = make_version(covid, 2, audit=None)
    version.evaluation = {}
    assert unmet(version, rules, live) == {
        "evaluated", "not-worse", "sensitivity", "specificity", "audit",
    }  # fmt: skip


def test_figures_that_came_with_a_model_are_no_evidence(covid, rules, live):
    version = make_version(covid, 2, live=live, has_snapshot=False)
    assert unmet(version, rules, live) == {"evaluated"}


@pytest.mark.parametrize(
    ("difference", "is_met"), [(0.1, True), (-0.02, True), (-0.0201, False), (-0.3, False)]
)
def test_not_worse_by_more_than_the_margin(covid, rules, live, difference, is_met):
    version = make_version(covid, 2, comparison=comparison_with(live, difference))
    assert unmet(version, rules, live) == (set() if is_met else {"not-worse"})


@pytest.mark.parametrize(("low", "is_met"), [(-0.02, True), (-0.03, False)])
def test_the_interval_may_decide(covid, rules, live, low, is_met):
    rules.by_interval = True
    version = make_version(covid, 2, comparison=comparison_with(live, 0.01, low))
    assert unmet(version, rules, live) == (set() if is_met else {"not-worse"})


def test_a_comparison_with_a_model_that_is_gone_says_nothing(covid, rules, live):
    version = make_version(covid, 3, live=live)
    other = serve(make_version(covid, 2, live=live))
    [result] = gate.unmet(gate.judge(version, rules, other))
    assert (result.rule, result.found) == ("not-worse", gate.OTHER_MODEL)
    assert not gate.is_compared_with(version, other)
    assert gate.is_compared_with(version, live)


@pytest.mark.parametrize("difference", [None, float("nan"), "0.5", True])
def test_a_difference_that_is_no_number_is_missing(covid, rules, live, difference):
    compared = comparison_with(live) | {"difference": difference}
    version = make_version(covid, 2)
    version.evaluation["comparison"] = compared
    [result] = gate.unmet(gate.judge(version, rules, live))
    assert result.found == gate.MISSING


@pytest.mark.parametrize("name", ["sensitivity", "specificity"])
@pytest.mark.parametrize(("value", "is_met"), [(0.8, True), (0.79, False), (None, False)])
def test_least_figures(covid, rules, live, name, value, is_met):
    figures = evaluation()["figures"] | {name: figure(value)}
    version = make_version(covid, 2, live=live, figures=figures)
    assert unmet(version, rules, live) == (set() if is_met else {name})


@pytest.mark.parametrize(
    ("audit", "found"), [(True, gate.PASSED), (False, gate.FAILED), (None, gate.MISSING)]
)
def test_the_audit_decides(covid, rules, live, audit, found):
    version = make_version(covid, 2, live=live, audit=audit)
    results = {result.rule: result for result in gate.judge(version, rules, live)}
    assert (results["audit"].found, results["audit"].is_met) == (found, found == gate.PASSED)


@pytest.mark.parametrize(
    ("status", "found"),
    [(JobStatus.QUEUED, gate.WAITING), (JobStatus.RUNNING, gate.WAITING),
     (JobStatus.FAILED, gate.STOPPED), (JobStatus.CANCELLED, gate.STOPPED)],
)  # fmt: skip
def test_an_audit_without_an_end_is_no_evidence(covid, rules, live, status, found):
    version = make_version(covid, 2, live=live, audit=None)
    ShortcutAudit.objects.create(version=version, status=status)
    [result] = gate.unmet(gate.judge(version, rules, live))
    assert result.found == found


@pytest.mark.parametrize(
    ("changes", "result", "is_met"),
    [
        ({}, {}, True),
        ({"max_hidden_auc": 0.6}, {}, False),
        ({"max_association": 0.1}, {}, False),
        ({}, {"site_route": None}, True),
        ({}, {"auc": {"lungs": {"value": 0.9}}, "reasons": [WITHOUT_LUNGS]}, False),
        ({"max_hidden_auc": 0.95}, {"auc": {"lungs": {"value": 0.9}}, "reasons": [WITHOUT_LUNGS]},
         True),
        ({"max_hidden_auc": 1.0}, {"reasons": [TOO_FEW]}, False),
    ],
)  # fmt: skip
def test_an_audit_is_judged_by_the_limits_of_today(covid, rules, live, changes, result, is_met):
    version = make_version(covid, 2, live=live, audit=None)
    found = {"auc": {"lungs": {"value": 0.7}}, "site_route": 0.3, "reasons": []} | result
    ShortcutAudit.objects.create(
        version=version, status=JobStatus.DONE, has_passed=not found["reasons"], result=found
    )
    for name, value in changes.items():
        setattr(rules, name, value)
    assert unmet(version, rules, live) == (set() if is_met else {"audit"})


def test_rules_that_are_off_are_not_asked(covid, rules, live):
    rules.needs_audit = False
    version = make_version(covid, 2, live=live, audit=False)
    assert "audit" not in {result.rule for result in gate.judge(version, rules, live)}


def test_time_in_the_shadow(covid, rules, live, doctor):
    rules.shadow_first, rules.shadow_cases = True, 1
    version = make_version(covid, 2, live=live)
    assert unmet(version, rules, live) == {"shadow"}
    score_in_the_shadow(version, live, doctor)
    assert unmet(version, rules, live) == set()


def test_the_first_model_of_a_target_has_no_shadow(covid, rules):
    rules.shadow_first = True
    assert unmet(make_version(covid, 1), rules, None) == set()


def score_in_the_shadow(version, live, doctor) -> None:
    target = version.target
    shadow = DeployedModel.objects.create(
        target=target, duty=Duty.SHADOW, version=version.version, sha256=version.sha256,
        threshold=0.5,
    )  # fmt: skip
    film = make_radiograph(uploader=doctor, seed=1)
    film.predictions.all().delete()
    answer = {"predicted_class": target.positive_class, "probability": 0.9}
    prediction = Prediction.objects.create(
        radiograph=film, target=target, model=live, status=JobStatus.DONE, **answer
    )
    ShadowScore.objects.create(model=shadow, prediction=prediction, agrees=True, **answer)


def test_a_verdict_can_be_kept_and_read_again(covid, rules, live):
    for result in gate.judge(make_version(covid, 2), rules, live):
        assert gate.RuleResult.from_dict(result.to_dict()) == result


@pytest.mark.parametrize("found", [None, 0.5, "missing", "other-model", "first", "waiting", "x"])
@pytest.mark.parametrize(
    "rule", ["audit", "shadow", "evaluated", "not-worse", "sensitivity", "later"]
)
def test_every_result_has_a_sentence(rule, found):
    result = gate.RuleResult(rule, 0.5, found, is_met=False)
    assert result.sentence
    assert "%(" not in result.sentence
