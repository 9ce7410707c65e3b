"""The shortcut audit as a job: what it looks at, what it says, and what may go wrong."""

import pytest
from django.core.exceptions import PermissionDenied

from accounts.models import AuditEntry
from core import jobs
from core.jobs import JobStatus
from images.services import trash
from inference.artifact_store import kept_folder
from inference.ml.errors import WeightsUnavailable
from inference.models import FeatureVector
from retraining import hidden_films, reasons, services, tasks
from retraining.models import PromotionRules, ShortcutAudit, VaultLook
from retraining.services import auditing
from tests.engines import small_engine  # noqa: F401  (a fixture)
from tests.retraining import audits, versions

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def audit_bells(bells, monkeypatch):
    monkeypatch.setattr(auditing, "ring", lambda task: bells.append(task.__name__) or True)
    return bells


@pytest.fixture
def followed(monkeypatch):
    """Versions whose audit came to a verdict."""
    told = []
    monkeypatch.setattr("retraining.services.automatic.after_audit", told.append)
    return told


@pytest.fixture
def films(doctor, covid, request):
    return audits.audited_cases(doctor, covid, drawn=getattr(request, "param", False))


# For those that look at pictures.
drawn = pytest.mark.parametrize("films", [True], indirect=True, ids=["drawn"])


@pytest.fixture
def version(films, covid, followed):
    return audits.make_version(covid)


@pytest.fixture
def audit(version, administrator):
    return services.request_audit(version=version, by=administrator)


@pytest.fixture
def network(small_engine):  # noqa: F811
    return small_engine


@pytest.fixture
def bare(covid):
    """A version that nobody looks at closely."""
    return versions.make_version(covid, audit=None)


def ended(audit) -> ShortcutAudit:
    services.work_on_audit()
    audit.refresh_from_db()
    return audit


def test_a_model_that_needs_the_lungs_passes(films, audit, version, followed):
    audits.keep_all_hidden(films, lungs=0.0)
    done = ended(audit)
    assert (done.status, done.has_passed) == (JobStatus.DONE, True), done.error_code
    assert done.result["auc"]["plain"]["value"] > 0.95
    assert done.result["auc"]["lungs"]["value"] < 0.8
    assert done.result["films"] == audits.size_of_test(version.snapshot)
    assert done.seconds > 0
    assert followed == [version]


def test_a_model_that_needs_no_lungs_fails(films, audit, followed):
    audits.keep_all_hidden(films, lungs=0.25)
    done = ended(audit)
    assert (done.status, done.has_passed) == (JobStatus.DONE, False)
    assert done.result["reasons"] == ["answers-without-lungs"]
    assert len(followed) == 1


def test_the_rules_of_the_moment_count(films, audit, covid):
    audits.keep_all_hidden(films, lungs=0.25)
    PromotionRules.objects.filter(target=covid).update(max_hidden_auc=1.0)
    assert ended(audit).has_passed


@drawn
def test_films_without_features_are_hidden_and_kept(films, audit, network, version):
    tested = audits.size_of_test(version.snapshot)
    done = ended(audit)
    assert (done.status, done.result["films"]) == (JobStatus.DONE, tested)
    assert network.calls == 2 * tested
    kept = FeatureVector.objects.filter(preprocessing__contains="+")
    assert {row.preprocessing for row in kept} == {"xr-224-1+lungs-1", "xr-224-1+borders-1"}
    assert kept.count() == 2 * tested


@drawn
def test_the_second_audit_needs_no_network(films, audit, network, version, administrator):
    first = ended(audit).result
    calls = network.calls
    again = ended(services.request_audit(version=version, by=administrator))
    assert network.calls == calls
    assert again.result == first


def test_each_audit_is_a_look_into_the_vault(films, audit, version, administrator):
    audits.keep_all_hidden(films)
    ended(audit)
    look = VaultLook.objects.get(purpose="audit")
    assert (look.about, look.looked_by) == (version.version, administrator)


def test_so_many_films_of_a_class_at_most(films, audit, monkeypatch):
    monkeypatch.setattr(auditing, "FILMS_PER_CLASS", 3)
    audits.keep_all_hidden(films)
    result = ended(audit).result
    assert (result["films"], result["positives"]) == (6, 3)


def test_who_went_since_is_in_no_figure(films, audit, version, administrator):
    audits.keep_all_hidden(films)
    gone = version.snapshot.cases.filter(split="test").first().radiograph
    trash(radiograph=gone, by=administrator)
    assert ended(audit).result["films"] == audits.size_of_test(version.snapshot) - 1


@drawn
def test_a_film_that_cannot_be_read_stops_no_other(films, audit, network, version):
    lost = version.snapshot.cases.filter(split="test").first().radiograph
    lost.file.delete(save=False)
    result = ended(audit).result
    assert (result["films"], result["left_out"]) == (audits.size_of_test(version.snapshot) - 1, 1)


def test_a_damaged_artifact_is_refused(films, audit, version, followed):
    manifest = kept_folder(version.artifact) / "manifest.json"
    manifest.chmod(0o600)
    manifest.write_text("{}")
    done = ended(audit)
    assert (done.status, done.error_code) == (JobStatus.FAILED, reasons.ARTIFACT_REFUSED)
    assert done.has_passed is None
    assert followed == []


def test_missing_weights_are_said(films, audit, monkeypatch):
    def missing(*_arguments):
        raise WeightsUnavailable("not here")

    monkeypatch.setattr(hidden_films, "hidden_scores", missing)
    assert ended(audit).error_code == reasons.NO_WEIGHTS


def test_a_full_disk_is_tried_again(films, audit, monkeypatch):
    def full(*_arguments):
        raise OSError(28, "full")

    monkeypatch.setattr(hidden_films, "hidden_scores", full)
    done = ended(audit)
    assert (done.status, done.error_code, done.attempts) == ("queued", reasons.STORAGE, 1)


def test_a_version_that_was_never_evaluated_here_has_nothing_to_audit(bare, administrator):
    bare.snapshot = None
    bare.save()
    done = ended(services.request_audit(version=bare, by=administrator))
    assert (done.status, done.error_code) == (JobStatus.FAILED, reasons.NO_CASES)


def test_a_lost_lease_writes_nothing(films, audit, monkeypatch, followed):
    audits.keep_all_hidden(films)
    real = jobs.heartbeat

    def lost(rows, owner):
        beat = real(rows, owner)
        beat.__enter__().set()
        return _Entered(beat)

    monkeypatch.setattr(jobs, "heartbeat", lost)
    services.work_on_audit()
    audit.refresh_from_db()
    assert (audit.status, audit.result, followed) == ("running", {}, [])


class _Entered:
    """A context whose event is set from the beginning."""

    def __init__(self, beat):
        self.beat = beat

    def __enter__(self):
        import threading

        event = threading.Event()
        event.set()
        return event

    def __exit__(self, *problem):
        return self.beat.__exit__(*problem)


def test_an_open_audit_is_joined(bare, administrator):
    first = services.request_audit(version=bare, by=administrator)
    assert services.request_audit(version=bare, by=administrator) == first
    assert ShortcutAudit.objects.count() == 1
    assert AuditEntry.objects.filter(subject="shortcut-audit").count() == 1


def test_an_audit_that_ended_begins_anew(films, audit, version, administrator):
    audits.keep_all_hidden(films, lungs=0.25)
    ended(audit)
    services.request_audit(version=version, by=administrator)
    audit.refresh_from_db()
    assert (audit.status, audit.result, audit.has_passed, audit.attempts) == (
        "queued", {}, None, 0,
    )  # fmt: skip
    assert AuditEntry.objects.filter(subject="shortcut-audit").count() == 2


@pytest.mark.parametrize("who", ["doctor", "site_administrator"])
def test_others_ask_for_nothing(bare, request, who):
    with pytest.raises(PermissionDenied):
        services.request_audit(version=bare, by=request.getfixturevalue(who))
    assert not ShortcutAudit.objects.exists()


def test_the_bell_is_rung_again_for_what_was_left_behind(bare, audit_bells):
    services.request_audit(version=bare, by=None)
    assert services.resume_audits()
    assert "audit_waiting" in audit_bells


def test_a_task_works_on_one_audit_and_rings_for_the_next(monkeypatch, audit_bells):
    monkeypatch.setattr(services, "work_on_audit", lambda: True)
    tasks.audit_waiting()
    assert audit_bells.count("audit_waiting") == 1
