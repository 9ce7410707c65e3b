"""Putting a version in service, taking it back, the shadow: asked for, done, and refused."""

import shutil

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from accounts.models import AuditEntry
from core.jobs import MAX_ATTEMPTS, JobStatus
from inference.ml import artifact
from inference.models import DeployedModel, Duty, RePrediction
from retraining import reasons, services
from retraining.models import ModelVersion, Promotion, PromotionKind, PromotionRules
from retraining.promotion import gate
from retraining.promotion.served import before
from retraining.services import promotion_work
from tests.retraining.versions import comparison_with, make_version, serve

pytestmark = pytest.mark.django_db


@pytest.fixture
def live(covid) -> DeployedModel:
    return serve(make_version(covid, 1))


@pytest.fixture
def candidate(covid, live) -> ModelVersion:
    return make_version(covid, 2, live=live)


@pytest.fixture
def rung(monkeypatch) -> list[str]:
    names: list[str] = []
    monkeypatch.setattr(promotion_work, "ring", lambda task: names.append(task.__name__) or True)
    return names


def promote(version, live, by=None, **facts) -> Promotion:
    asked = {"version": version, "by": by, "reason": "better", "expected": live}
    return services.request_promotion(**(asked | facts))


def roll_back(target, by=None) -> Promotion:
    live = DeployedModel.objects.live(target)
    promotion = services.request_rollback(target=target, by=by, reason="", expected=live)
    return ended(promotion)


def ended(promotion: Promotion) -> Promotion:
    services.work_on_promotion()
    promotion.refresh_from_db()
    return promotion


def serving(target) -> str:
    return DeployedModel.objects.live(target).version


def test_a_version_that_meets_the_rules_serves(candidate, live, covid, administrator):
    promotion = ended(promote(candidate, live, administrator))
    assert (promotion.status, promotion.error_code) == (JobStatus.DONE, "")
    served = DeployedModel.objects.live(covid)
    assert (served, served.sha256) == (promotion.deployed, candidate.sha256)
    assert (served.activated_by, served.reason) == (administrator, "better")
    assert all(kept["is_met"] for kept in promotion.verdict)


def test_request_and_deed_are_noted(candidate, live, administrator):
    promotion = ended(promote(candidate, live, administrator))
    asked = AuditEntry.objects.get(subject="promotion", subject_id=promotion.pk)
    assert (asked.actor, asked.after["version"]) == (administrator, candidate.version)
    done = AuditEntry.objects.get(subject="model", subject_id=promotion.deployed_id)
    assert (done.actor, done.before["version"]) == (administrator, live.version)


def test_nothing_served_before(covid):
    promotion = ended(promote(make_version(covid, 1), None))
    assert DeployedModel.objects.live(covid) == promotion.deployed


def test_a_worse_one_is_refused_at_once(covid, live, administrator):
    worse = make_version(covid, 2, comparison=comparison_with(live, -0.2))
    with pytest.raises(services.GateClosed) as closed:
        promote(worse, live, administrator)
    assert [result.rule for result in gate.unmet(closed.value.results)] == [gate.NOT_WORSE]
    assert not Promotion.objects.exists()
    assert serving(covid) == live.version


def test_rules_that_became_stricter_meanwhile_hold(covid, candidate, live):
    promotion = promote(candidate, live)
    PromotionRules.objects.create(target=covid, min_sensitivity=0.99)
    ended(promotion)
    assert (promotion.status, promotion.error_code) == (JobStatus.FAILED, reasons.GATE_CLOSED)
    assert {kept["rule"] for kept in promotion.verdict if not kept["is_met"]} == {"sensitivity"}
    assert serving(covid) == live.version


def test_who_saw_another_model_in_service_is_told(covid, candidate, live):
    newer = serve(make_version(covid, 3, live=live))
    with pytest.raises(services.Overtaken) as overtaken:
        promote(candidate, live)
    assert overtaken.value.live == newer


def test_an_exchange_between_request_and_work_wins(covid, candidate, live):
    promotion = promote(candidate, live)
    newer = serve(make_version(covid, 3, live=live))
    ended(promotion)
    assert (promotion.status, promotion.error_code) == (JobStatus.FAILED, reasons.OVERTAKEN)
    assert DeployedModel.objects.live(covid) == newer


def while_it_is_verified(monkeypatch, happen) -> None:
    """`happen` takes place once, when the weights were read and nothing is exchanged yet."""
    verify = promotion_work.prepared

    def verify_then_happen(**asked):
        model = verify(**asked)
        happen()
        return model

    monkeypatch.setattr(promotion_work, "prepared", verify_then_happen)


def test_an_exchange_while_it_is_verified_wins(covid, candidate, live, monkeypatch):
    promotion, newer = promote(candidate, live), make_version(covid, 3, live=live)
    while_it_is_verified(monkeypatch, lambda: serve(newer))
    assert ended(promotion).error_code == reasons.OVERTAKEN
    assert serving(covid) == newer.version


def test_rules_that_become_stricter_while_it_is_verified_hold(covid, candidate, live, monkeypatch):
    promotion = promote(candidate, live)
    while_it_is_verified(
        monkeypatch, lambda: PromotionRules.objects.create(target=covid, min_sensitivity=0.99)
    )
    assert ended(promotion).error_code == reasons.GATE_CLOSED
    assert serving(covid) == live.version


@pytest.mark.parametrize("verb", ["promote", "roll_back", "shadow"])
def test_nobody_waits_while_weights_are_verified(candidate, live, covid, monkeypatch, verb):
    """Half a gigabyte is read outside of every transaction: SQLite has one lock for all."""
    depths, outside = [], len(connection.savepoint_ids)
    load = artifact.load

    def note_depth(folder):
        depths.append(len(connection.savepoint_ids))
        return load(folder)

    if verb == "roll_back":
        ended(promote(candidate, live))
    monkeypatch.setattr(artifact, "load", note_depth)
    if verb == "shadow":
        ended(services.request_shadow(version=candidate, by=None, reason=""))
    else:
        roll_back(covid) if verb == "roll_back" else ended(promote(candidate, live))
    assert set(depths) == {outside}


def test_one_attempt_at_a_time(covid, candidate, live):
    first = promote(candidate, live)
    with pytest.raises(services.PromotionOpen) as opened:
        promote(make_version(covid, 3, live=live), live)
    assert opened.value.promotion == first


def test_targets_do_not_wait_for_each_other(candidate, live):
    other = type(live.target).objects.get(code="chest-three-classes")
    promote(candidate, live)
    assert promote(make_version(other, 1), None).is_open


def test_the_model_in_service_is_not_promoted(covid, live):
    version = ModelVersion.objects.get(sha256=live.sha256)
    with pytest.raises(services.AlreadyServes):
        promote(version, live)


@pytest.mark.parametrize("who", ["doctor", "site_administrator"])
def test_others_may_not_ask(candidate, live, covid, request, who):
    person = request.getfixturevalue(who)
    for ask in (
        lambda: promote(candidate, live, person),
        lambda: services.request_rollback(target=covid, by=person, reason="", expected=live),
        lambda: services.request_shadow(version=candidate, by=person, reason=""),
        lambda: services.stop_shadow(version=candidate, by=person),
        lambda: services.request_comparison(version=candidate, by=person),
    ):
        with pytest.raises(PermissionDenied):
            ask()
    assert not Promotion.objects.exists()


def spoil(folder) -> None:
    weights = folder / "head.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")


def swap_manifest(folder) -> None:
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"threshold": 0.5', '"threshold": 0.1'))


@pytest.mark.parametrize("damage", [spoil, swap_manifest, shutil.rmtree])
def test_damaged_files_never_serve(candidate, live, covid, settings, damage):
    promotion = promote(candidate, live)
    damage(settings.ARTIFACTS_DIR / candidate.artifact)
    ended(promotion)
    assert (promotion.status, promotion.error_code) == (
        JobStatus.FAILED, reasons.ARTIFACT_REFUSED,
    )  # fmt: skip
    assert DeployedModel.objects.live(covid) == live


def test_a_disk_that_refuses_is_tried_again_and_then_told(candidate, live, covid, monkeypatch):
    def full(*args, **options):
        raise OSError(28, "no space")

    promotion = promote(candidate, live)
    monkeypatch.setattr("inference.services.activation.copy_to_part", full)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        Promotion.objects.update(lease_until=None)
        ended(promotion)
        assert promotion.attempts == attempt
    assert (promotion.status, promotion.error_code) == (JobStatus.FAILED, reasons.STORAGE)
    assert DeployedModel.objects.live(covid) == live


def test_a_lost_lease_changes_nothing(candidate, live, covid, monkeypatch):
    promotion = promote(candidate, live)
    mine = Promotion.objects.filter(pk=promotion.pk)
    while_it_is_verified(monkeypatch, lambda: mine.update(owner="somebody-else"))
    services.work_on_promotion()
    assert DeployedModel.objects.live(covid) == live


def test_old_radiographs_are_answered_again_only_where_asked(candidate, live):
    ended(promote(candidate, live))
    assert not RePrediction.objects.exists()
    roll_back(live.target)
    again = ended(promote(candidate, DeployedModel.objects.live(live.target), repredicts=True))
    assert RePrediction.objects.get().model == again.deployed


def test_a_rollback_serves_the_old_files_again(candidate, live, covid, administrator):
    ended(promote(candidate, live))
    promotion = roll_back(covid, administrator)
    assert (promotion.status, promotion.back_to) == (JobStatus.DONE, live)
    served = DeployedModel.objects.live(covid)
    assert (served.sha256, served.activated_by) == (live.sha256, administrator)


def test_a_rollback_asks_no_rule(candidate, live, covid):
    ended(promote(candidate, live))
    PromotionRules.objects.create(target=covid, min_sensitivity=1.0, min_specificity=1.0)
    assert roll_back(covid).status == JobStatus.DONE
    assert serving(covid) == live.version


def test_a_second_rollback_goes_further_back(covid, live):
    versions = [make_version(covid, number, live=live) for number in (2, 3)]
    for version in versions:
        serve(version)
    assert roll_back(covid).deployed.version == "covid-19-2"
    assert roll_back(covid).deployed.version == "covid-19-1"
    assert before(covid) is None


def test_after_a_rollback_one_may_go_forward_and_back_again(covid, live):
    second, third = (make_version(covid, number, live=live) for number in (2, 3))
    serve(second)
    serve(third)
    roll_back(covid)
    serve(third)
    assert before(covid).sha256 == second.sha256


def test_nothing_to_go_back_to(covid, live):
    with pytest.raises(services.NothingBefore):
        services.request_rollback(target=covid, by=None, reason="", expected=live)


def test_a_rollback_to_files_that_are_gone_leaves_the_model(candidate, live, covid, settings):
    newer = ended(promote(candidate, live)).deployed
    shutil.rmtree(settings.ARTIFACTS_DIR / live.artifact)
    assert roll_back(covid).error_code == reasons.ARTIFACT_REFUSED
    assert DeployedModel.objects.live(covid) == newer


def test_the_shadow(candidate, live, covid, administrator):
    asked = services.request_shadow(version=candidate, by=administrator, reason="to try")
    promotion = ended(asked)
    assert (promotion.status, promotion.deployed.duty) == (JobStatus.DONE, Duty.SHADOW)
    assert list(DeployedModel.objects.shadows()) == [promotion.deployed]
    assert DeployedModel.objects.live(covid) == live
    with pytest.raises(services.AlreadyServes):
        services.request_shadow(version=candidate, by=administrator, reason="again")
    assert services.stop_shadow(version=candidate, by=administrator)
    assert not services.stop_shadow(version=candidate, by=administrator)
    deeds = AuditEntry.objects.filter(subject="shadow").order_by("created_at")
    assert [entry.deed for entry in deeds] == ["entered", "removed"]


def test_the_shadow_needs_a_model_in_service(covid):
    asked = services.request_shadow(version=make_version(covid, 1), by=None, reason="")
    assert ended(asked).error_code == reasons.ARTIFACT_REFUSED
    assert not DeployedModel.objects.exists()


def test_a_request_rings_for_the_worker_that_predicts(
    candidate, live, rung, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        promote(candidate, live)
    assert rung == ["promote_waiting"]


def test_what_a_lost_bell_left_is_rung_for(candidate, live, rung):
    assert not services.resume_promotions()
    promote(candidate, live)
    assert services.resume_promotions()
    assert rung == ["promote_waiting"]


def test_what_killed_three_workers_is_buried(candidate, live, covid, rung):
    promotion = promote(candidate, live)
    Promotion.objects.claim(promotion.pk)
    Promotion.objects.update(attempts=MAX_ATTEMPTS, lease_until="2020-01-01T00:00Z")
    services.resume_promotions()
    promotion.refresh_from_db()
    assert (promotion.status, promotion.error_code) == (JobStatus.FAILED, "worker-died")
    assert DeployedModel.objects.live(covid) == live


def test_promotions_and_comparisons_have_their_own_queues(covid, candidate, live, rung):
    serve(make_version(covid, 3, live=live))
    asked = services.request_comparison(version=candidate, by=None)
    assert not services.work_on_promotion()
    asked.refresh_from_db()
    assert asked.status == JobStatus.QUEUED
    services.resume_promotions()
    assert rung == ["compare_waiting"]


def test_what_is_compared_already_is_not_compared_again(candidate, live):
    with pytest.raises(services.NothingToCompare):
        services.request_comparison(version=candidate, by=None)
    assert Promotion.objects.filter(kind=PromotionKind.PROMOTE).count() == 0
