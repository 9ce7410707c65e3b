"""The rules of promotion: read, changed, noted."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from accounts.models import AuditEntry
from retraining import services
from retraining.forms.rules import RulesForm
from retraining.models import PromotionRules
from retraining.services.rules import RULES
from retraining.snapshots.planning import rules_of
from tests.images.conftest import SIGN_IN, WAITING, answer_of

pytestmark = pytest.mark.django_db
ACCESS = {
    "anonymous": SIGN_IN, "pending": WAITING, "health_worker": 403, "doctor": 403,
    "researcher": 403, "site_administrator": 403, "administrator": 200,
}  # fmt: skip


@pytest.fixture
def place(covid) -> str:
    return reverse("retraining:rules", args=[covid.code])


def sent(covid, **changes) -> dict:
    rules = rules_of(covid)
    values = {name: getattr(rules, name) for name in RULES} | changes
    return {name: value for name, value in values.items() if value is not False}


@pytest.mark.parametrize(("who", "expected"), ACCESS.items())
def test_who_may_see_them(actor, place, who, expected):
    assert answer_of(actor(who).get(place)) == expected


@pytest.mark.parametrize(("who", "expected"), (ACCESS | {"administrator": 302}).items())
def test_who_may_change_them(actor, covid, place, who, expected):
    assert answer_of(actor(who).post(place, sent(covid, min_sensitivity=0.95))) == expected
    assert PromotionRules.objects.exists() == (expected == 302)


def test_every_rule_is_on_the_page(actor, place):
    page = actor("administrator").get(place).content.decode()
    assert all(f'name="{name}"' in page for name in RULES)


def test_a_change_holds_and_is_noted(actor, covid, place, administrator):
    actor("administrator").post(place, sent(covid, min_sensitivity=0.95, shadow_first="on"))
    rules = rules_of(covid)
    assert (rules.min_sensitivity, rules.shadow_first, rules.needs_audit) == (0.95, True, True)
    entry = AuditEntry.objects.get(subject="promotion-rules")
    assert entry.actor == administrator
    assert entry.before == {"min_sensitivity": 0.8, "shadow_first": False}
    assert entry.after == {"target": "covid-19", "min_sensitivity": 0.95, "shadow_first": True}


def test_what_is_saved_unchanged_is_no_deed(actor, covid, place):
    actor("administrator").post(place, sent(covid))
    assert not AuditEntry.objects.filter(subject="promotion-rules").exists()


@pytest.mark.parametrize(
    "changes",
    [{"min_sensitivity": 1.1}, {"max_auc_drop": -0.1}, {"error_rate": 0}, {"min_patients": 1},
     {"min_specificity": "nan"}, {"shadow_cases": ""}],
)  # fmt: skip
def test_impossible_rules_are_refused(actor, covid, place, changes):
    answer = actor("administrator").post(place, sent(covid, **changes))
    assert answer.status_code == 400
    assert set(answer.context["form"].errors) == set(changes)
    assert not PromotionRules.objects.exists()


def test_an_unknown_target(actor):
    place = reverse("retraining:rules", args=["nowhere"])
    assert actor("administrator").get(place).status_code == 404


def test_the_service_refuses_them_too(covid, administrator, site_administrator):
    with pytest.raises(ValidationError):
        services.change_rules(target=covid, by=administrator, min_sensitivity=2.0)
    with pytest.raises(PermissionDenied):
        services.change_rules(target=covid, by=site_administrator, min_sensitivity=0.5)
    assert not PromotionRules.objects.exists()


def test_the_form_has_all_rules(covid):
    assert tuple(RulesForm(instance=rules_of(covid)).fields) == RULES
