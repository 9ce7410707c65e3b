"""Evaluating a version again beside the model that serves: real artifacts, features and vault."""

import pytest
from django.conf import settings
from django.urls import reverse

from core.jobs import JobStatus
from images.models import Radiograph
from inference.models import DeployedModel
from retraining import reasons, services, vault
from retraining.models import (
    Division,
    ModelVersion,
    Promotion,
    PromotionRules,
    SnapshotCase,
    VaultLook,
)
from retraining.promotion import gate
from retraining.services.snapshots import take_snapshot
from retraining.snapshots.planning import rules_of
from tests.retraining.cases import keep
from tests.retraining.lists import SALT, confirmed_cases
from tests.retraining.versions import make_version, put_artifact, serve

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def live(covid) -> DeployedModel:
    return serve(make_version(covid, 1))


@pytest.fixture
def films(covid, site) -> list[Radiograph]:
    Division.objects.update_or_create(number=1, defaults={"salt": SALT})
    PromotionRules.objects.create(target=covid, min_patients=2)
    films = confirmed_cases(160, site=site, target=covid)
    keep(films)
    return films


@pytest.fixture
def candidate(covid, live, films) -> ModelVersion:
    """It has figures of its own snapshot, and was compared with a model that is gone."""
    version = make_version(covid, 2, live=live)
    version.snapshot = take_snapshot(target=covid)
    version.save()
    return version


@pytest.fixture
def newer(covid, candidate) -> DeployedModel:
    return serve(make_version(covid, 3))


def compared(version, by=None) -> Promotion:
    promotion = services.request_comparison(version=version, by=by)
    services.work_on_comparison()
    promotion.refresh_from_db()
    version.refresh_from_db()
    return promotion


def test_the_gate_can_judge_again(candidate, newer, covid, administrator):
    figures = candidate.figures
    promotion = compared(candidate, administrator)
    assert (promotion.status, promotion.error_code) == (JobStatus.DONE, "")
    beside = candidate.evaluation["comparison"]
    assert (beside["sha256"], beside["version"]) == (newer.sha256, newer.version)
    assert -1 <= beside["low"] <= beside["difference"] <= beside["high"] <= 1
    assert candidate.figures == figures
    found = {r.rule: r for r in gate.judge(candidate, rules_of(covid), newer)}
    assert found["not-worse"].found == beside["difference"]
    assert DeployedModel.objects.live(covid) == newer


def test_the_look_is_counted(candidate, newer, covid, administrator):
    before = vault.looks(covid)
    compared(candidate, administrator)
    look = VaultLook.objects.first()
    assert vault.looks(covid) == before + 1
    assert (look.about, look.looked_by) == (candidate.version, administrator)
    assert look.snapshot == candidate.snapshot


def test_a_model_from_elsewhere_gets_its_figures_here(covid, live, films):
    version = make_version(covid, 2, has_snapshot=False, n=9999)
    assert compared(version).status == JobStatus.DONE
    tested = SnapshotCase.objects.filter(snapshot=version.snapshot, split="test").count()
    assert version.evaluation["n"] == tested > 0
    assert version.figures == version.evaluation["figures"]
    assert VaultLook.objects.first().purpose == "import"
    assert gate.is_compared_with(version, live)


def test_its_answer_sets_are_judged_here_too_and_its_page_shows_them(covid, live, films, actor):
    version = make_version(covid, 2, has_snapshot=False)
    # Written in another order than that of the question's classes.
    rule = {"error_rate": 0.05, "quantiles": {"covid-19": 0.0, "no-covid-19": 1.0}}
    version.artifact, version.sha256 = put_artifact("elsewhere", covid, conformal=rule)
    version.save()
    assert compared(version).status == JobStatus.DONE
    found = version.evaluation["conformal"]
    assert found["error_rate"] == 0.05
    covered = {row["class"]: row["covered"] / row["n"] for row in found["by_class"]}
    assert covered == {"covid-19": 0.0, "no-covid-19": 1.0}
    client = actor("administrator")
    assert client.get(reverse("retraining:version", args=[version.pk])).status_code == 200
    for kind in ("md", "json", "pdf"):
        card = client.get(reverse("retraining:card", args=[version.pk, kind]))
        assert card.status_code == 200, kind


def test_who_withdrew_is_in_no_new_figure(candidate, newer):
    tested = SnapshotCase.objects.filter(snapshot=candidate.snapshot, split="test")
    gone = tested.values_list("radiograph", flat=True).first()
    patient = Radiograph.objects.get(pk=gone).patient
    patient.consent_withdrawn_at = patient.created_at
    patient.save()
    seen: list[int] = []
    from retraining.pipeline import evaluating

    real = evaluating.cases_of

    def noted(rows, *rest):
        seen.extend(row.radiograph for row in rows)
        return real(rows, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluating, "cases_of", noted)
        assert compared(candidate).status == JobStatus.DONE
    assert len(seen) == tested.count() - 1
    assert gone not in seen


def test_files_that_are_gone(candidate, newer):
    (settings.ARTIFACTS_DIR / candidate.artifact / "manifest.json").unlink()
    evaluation = candidate.evaluation
    assert compared(candidate).error_code == reasons.ARTIFACT_REFUSED
    assert candidate.evaluation == evaluation


def test_an_exchange_meanwhile_keeps_the_old_evidence(candidate, newer, covid, live):
    promotion = services.request_comparison(version=candidate, by=None)
    serve(make_version(covid, 4))
    services.work_on_comparison()
    promotion.refresh_from_db()
    candidate.refresh_from_db()
    assert promotion.error_code == reasons.OVERTAKEN
    assert candidate.evaluation["comparison"]["sha256"] == live.sha256


def test_cases_that_cannot_be_listed(covid, live):
    version = make_version(covid, 2, has_snapshot=False)
    assert compared(version).error_code == reasons.NOT_READY
    assert version.snapshot is None


def test_no_film_of_the_test_is_left(candidate, newer):
    Radiograph.objects.update(text_state="suspected")
    assert compared(candidate).error_code == reasons.NO_CASES
