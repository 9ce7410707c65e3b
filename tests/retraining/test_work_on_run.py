"""A run of the fast lane from the button to the registry, and what may go wrong on the way."""

import errno

import pytest

from core.jobs import JobStatus
from images.models import Radiograph
from inference.artifact_store import kept_folder
from inference.ml import artifact
from inference.models import DeployedModel
from inference.services import install_baseline
from retraining import failures
from retraining.models import ModelVersion, ShortcutAudit, TrainingRun, VaultLook
from retraining.pipeline import run as run_module
from retraining.pipeline import writing
from retraining.services import cancel_run, request_run, work_on_run
from tests.factories import state_truth
from tests.retraining.cases import divide_the_same_way, make_cases

pytestmark = pytest.mark.django_db


@pytest.fixture
def cases(health_worker) -> list[Radiograph]:
    films = make_cases(health_worker, 120)
    divide_the_same_way(films)
    return films


@pytest.fixture
def run(covid, administrator, bells, rules) -> TrainingRun:
    return request_run(target=covid, architecture="covid-xr-c", by=administrator)


@pytest.fixture
def rules(covid):
    from retraining.models import PromotionRules

    return PromotionRules.objects.create(target=covid, min_patients=4)


def ended(run: TrainingRun) -> TrainingRun:
    work_on_run()
    run.refresh_from_db()
    return run


def test_makes_a_version(cases, run, administrator):
    assert ended(run).status == JobStatus.DONE, run.error_code
    version = ModelVersion.objects.get()
    assert (version.version, version.run, version.made_by) == ("covid-19-1", run, administrator)
    assert version.figures["auc"]["value"] > 0.8
    assert version.evaluation["learning_curve"] is not None
    assert run.epochs.count() == 30


def test_its_artifact_is_whole(cases, run):
    ended(run)
    version = ModelVersion.objects.get()
    stored = artifact.load(kept_folder(version.artifact))
    assert stored.manifest.version == "covid-19-1"
    assert stored.manifest.weights_sha256 == version.weights_sha256
    assert stored.manifest.training["snapshot"] == version.snapshot.sha256
    assert {limit.keys() == {"es", "en"} for limit in stored.manifest.limits} == {True}


def test_nothing_serves_because_of_it(cases, run):
    live = install_baseline()
    ended(run)
    assert DeployedModel.objects.live(run.target) == live
    assert DeployedModel.objects.count() == 1


def test_compares_with_what_serves(cases, run):
    live = install_baseline()
    ended(run)
    comparison = ModelVersion.objects.get().evaluation["comparison"]
    assert comparison["sha256"] == live.sha256
    assert comparison["may_have_seen"] is True


def test_opens_the_vault_once(cases, run):
    ended(run)
    look = VaultLook.objects.get()
    assert (look.purpose, look.about, look.looked_by) == (
        "evaluation", str(run.pk), run.requested_by,
    )  # fmt: skip


def test_the_audit_follows(cases, run):
    ended(run)
    assert ShortcutAudit.objects.get().version.run == run


def test_tells_what_it_does(cases, run):
    ended(run)
    codes = [line.code for line in run.lines.all()]
    for code in ("started", "snapshot", "features", "training", "vault", "evaluated", "stored"):
        assert code in codes


def test_the_same_run_twice_gives_the_same_weights(cases, run, covid, administrator):
    ended(run)
    again = request_run(target=covid, architecture="covid-xr-c", by=administrator)
    ended(again)
    hashes = set(ModelVersion.objects.values_list("weights_sha256", flat=True))
    assert ModelVersion.objects.count() == 2
    assert len(hashes) == 1
    assert again.snapshot == run.snapshot


def test_no_labels(run):
    assert ended(run).status == JobStatus.FAILED
    assert run.error_code == failures.REFUSED
    assert [each["code"] for each in run.error_facts["problems"]] == ["no-labels"]


def test_a_case_deleted_meanwhile(cases, run, monkeypatch):
    during(monkeypatch, lambda: train_case(run).delete())
    assert ended(run).error_code == failures.WITHDRAWN
    assert run.error_facts == {"cases": 1}
    assert not ModelVersion.objects.exists()


def test_a_consent_withdrawn_meanwhile(cases, run, monkeypatch, doctor):
    from images.services import withdraw_consent

    during(monkeypatch, lambda: withdraw_consent(patient=train_case(run).patient, by=doctor))
    assert ended(run).error_code == failures.WITHDRAWN


def test_a_label_changed_meanwhile(cases, run, monkeypatch):
    during(monkeypatch, lambda: state_truth(cases[0], "negative"))
    assert ended(run).status == JobStatus.DONE
    assert run.lines.filter(code="relabelled", facts={"cases": 1}).exists()


def test_cancelled_meanwhile(cases, run, monkeypatch, administrator):
    during(monkeypatch, lambda: cancel_run(run=run, by=administrator))
    assert ended(run).status == JobStatus.CANCELLED
    assert not ModelVersion.objects.exists()
    assert not list(kept_folder("").glob("*"))


def test_no_room_for_the_weights(cases, run, monkeypatch):
    def full(*_args, **_options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writing.artifact, "save", full)
    assert ended(run).error_code == failures.NO_ROOM
    assert not ModelVersion.objects.exists()
    assert not list(kept_folder("").glob("*"))


def during(monkeypatch, act) -> None:
    """Do something between training and evaluation, once."""
    real = run_module._trained

    def trained(*args):
        made = real(*args)
        act()
        return made

    monkeypatch.setattr(run_module, "_trained", trained)


def train_case(run: TrainingRun) -> Radiograph:
    run.refresh_from_db()
    return run.snapshot.cases.filter(split="train").first().radiograph
