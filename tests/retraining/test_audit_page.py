"""The piece about the shortcut audit, and the button: administrators of the platform alone."""

import pytest
from django.urls import reverse

from core.http import STOP_POLLING
from retraining.models import ShortcutAudit
from tests.images.conftest import SIGN_IN, WAITING, answer_of
from tests.retraining import registry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
PEOPLE = (
    ("anonymous", SIGN_IN), ("pending", WAITING), ("health_worker", 403), ("doctor", 403),
    ("researcher", 403), ("site_administrator", 403), ("stranger", 403),
)  # fmt: skip
RESULT = {
    "films": 60, "patients": 50, "positives": 20, "association": 0.91, "site_auc": 0.97,
    "site_route": 0.86, "limits": {"max_hidden_auc": 0.8, "max_association": 0.8},
    "auc": {
        "plain": {"value": 0.99, "low": 0.98, "high": 1.0},
        "lungs": {"value": 0.91, "low": 0.85, "high": 0.96},
        "borders": {"value": None, "low": None, "high": None},
    },
    "borders_fall": {"value": 0.123, "low": 0.05, "high": 0.2},
    "reasons": ["answers-without-lungs", "site-tells-label"], "warnings": ["needs-borders"],
}  # fmt: skip


@pytest.fixture
def version(covid, administrator):
    snapshot = registry.make_snapshot(covid)
    return registry.make_version(covid, administrator, snapshot=snapshot)


@pytest.fixture
def show(actor, version):
    def load(who="administrator"):
        address = reverse("retraining:audit", args=[version.pk])
        return actor(who).get(address, headers={"accept-language": "en"})

    return load


def done(version, **facts):
    told = {"status": "done", "has_passed": False, "result": RESULT} | facts
    return ShortcutAudit.objects.create(version=version, **told)


@pytest.mark.parametrize(("who", "expected"), [*PEOPLE, ("administrator", STOP_POLLING)])
def test_piece(show, who, expected):
    assert answer_of(show(who)) == expected


@pytest.mark.parametrize(("who", "expected"), [*PEOPLE, ("administrator", 302)])
def test_again(actor, version, who, expected):
    address = reverse("retraining:audit_again", args=[version.pk])
    assert answer_of(actor(who).post(address)) == expected
    assert ShortcutAudit.objects.exists() == (who == "administrator")


def test_looking_asks_for_nothing(actor, version):
    address = reverse("retraining:audit_again", args=[version.pk])
    assert actor("administrator").get(address).status_code == 405
    assert not ShortcutAudit.objects.exists()


def test_no_version_no_piece(actor, version):
    address = reverse("retraining:audit", args=[registry.make_run(version.target).pk])
    assert actor("administrator").get(address).status_code == 404


@pytest.mark.parametrize("status", ["queued", "running"])
def test_an_open_audit_asks_again_by_itself(show, version, status):
    ShortcutAudit.objects.create(version=version, status=status, done=3, total=10)
    answer = show()
    assert answer.status_code == 200
    text = answer.content.decode()
    assert 'hx-trigger="every 2s"' in text
    assert 'value="3" max="10"' in text
    assert "<form" not in text


def test_a_verdict_has_its_reasons_and_figures(show, version):
    done(version)
    text = show().content.decode()
    assert "Not passed" in text
    assert "an AUC of 0.910 is left, at most 0.800 is allowed" in text
    assert "the AUC falls by 0.123" in text
    assert "0.850 to 0.960" in text
    assert "60 films of 50 patients, 20 of them positive." in text


def test_a_pass_is_said(show, version):
    done(version, has_passed=True, result=RESULT | {"reasons": [], "warnings": []})
    text = show().content.decode()
    assert "Passed:" in text
    assert "Not passed" not in text


def test_a_verdict_without_figures_is_shown_all_the_same(show, version):
    done(version, has_passed=True, result={})
    assert "Passed:" in show().content.decode()


def test_a_failure_has_a_sentence(show, version):
    done(version, status="failed", error_code="no-weights", has_passed=None, result={})
    text = show().content.decode()
    assert "fetch_weights" in text
    assert "Audit again" in text


def test_what_was_never_evaluated_here_cannot_be_audited(show, version):
    version.snapshot = None
    version.save()
    text = show().content.decode()
    assert "cannot be audited" in text
    assert "<form" not in text


@pytest.mark.parametrize(("status", "tells"), [("running", False), ("done", True)])
def test_the_gate_beside_it_hears_of_its_end(show, actor, version, status, tells):
    done(version, status=status)
    assert ("auditEnded" in show().headers.get("HX-Trigger", "")) is tells
    gate = actor("administrator").get(reverse("retraining:gate", args=[version.pk]))
    assert "auditEnded from:body" in gate.content.decode()
