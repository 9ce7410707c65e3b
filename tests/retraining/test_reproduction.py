"""A version trained again: the same bits, figures within the tolerance, or the reason why not."""

import json
from dataclasses import replace
from io import StringIO

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import translation

from accounts.models import AuditEntry
from core.jobs import JobStatus
from images.models import Radiograph
from images.models.radiograph import RadiographStatus
from inference.artifact_store import kept_folder
from retraining import reproduction_words as words
from retraining.models import ModelVersion, PromotionRules, Reproduction, VaultLook
from retraining.pipeline import reproducing
from retraining.services import (
    request_reproduction,
    request_run,
    resume_reproductions,
    work_on_reproduction,
    work_on_run,
)
from tests.images.conftest import SIGN_IN, WAITING, answer_of
from tests.retraining import versions
from tests.retraining.cases import divide_the_same_way, make_cases
from tests.retraining.registry import make_run, make_version

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
PEOPLE = (
    "anonymous", "pending", "health_worker", "doctor", "researcher", "site_administrator",
    "stranger", "administrator",
)  # fmt: skip
REFUSED = (SIGN_IN, WAITING, 403, 403, 403, 403, 403)


@pytest.fixture(autouse=True)
def rung(monkeypatch) -> list[str]:
    from retraining.services import reproducing as service

    bells: list[str] = []
    monkeypatch.setattr(service, "ring", lambda task: bells.append(task.__name__) or True)
    return bells


@pytest.fixture
def films(health_worker) -> list[Radiograph]:
    made = make_cases(health_worker, 120)
    divide_the_same_way(made)
    return made


@pytest.fixture
def version(films, covid, administrator) -> ModelVersion:
    """Trained for real, briefly."""
    PromotionRules.objects.create(target=covid, min_patients=4)
    request_run(target=covid, architecture="covid-xr-c", overrides={"epochs": 3}, by=administrator)
    work_on_run()
    return ModelVersion.objects.get()


@pytest.fixture
def stored(covid) -> ModelVersion:
    """With files, and a manifest that names no recipe."""
    return versions.make_version(covid, run=make_run(covid), audit=None)


def ended(version, by=None) -> Reproduction:
    row = request_reproduction(version=version, by=by)
    assert work_on_reproduction() is False
    row.refresh_from_db()
    return row


def test_the_same_weights_to_the_last_bit(version):
    looks = VaultLook.objects.count()
    status, said = run(version.version, "--json")
    facts = json.loads(said)
    assert (status, facts["reproduced"], facts["is_same"]) == (0, True, True), facts
    assert facts["weights_sha256"] == facts["expected_sha256"] == version.weights_sha256
    assert facts["environment"] == {}
    assert VaultLook.objects.count() == looks


def test_another_model_is_held_against_the_tolerance(version, monkeypatch):
    real = reproducing.spec_of_manifest
    monkeypatch.setattr(
        reproducing, "spec_of_manifest", lambda training: replace(real(training), seed=1)
    )
    monkeypatch.setattr(reproducing, "TOLERANCE", 0.5)
    close = ended(version)
    assert (close.result["is_same"], close.has_succeeded) == (False, True), close.error_code
    assert close.result["weights_sha256"] != version.weights_sha256
    assert set(close.result["differences"]) == {"auc", "accuracy", "brier"}
    assert VaultLook.objects.filter(purpose="reproduction", about=version.version).count() == 1
    monkeypatch.setattr(reproducing, "TOLERANCE", -1.0)
    far = ended(version)
    assert (far.status, far.has_succeeded, words.verdict_of(far)) == ("done", False, "different")


def test_what_changed_since_is_told_or_forbids_it(version, films):
    libraries = version.environment["libraries"] | {"torch": "0.0.1"}
    version.environment = version.environment | {"libraries": libraries}
    version.save()
    row = ended(version)
    assert row.result["environment"]["torch"][0] == "0.0.1"
    assert [change.name for change in words.words_of(row).changes] == ["torch"]
    Radiograph.objects.filter(pk=films[0].pk).update(status=RadiographStatus.TRASHED)
    again = ended(version)
    assert (again.status, again.error_code) == (JobStatus.FAILED, words.CASES_GONE)


def test_tampered_files_are_said(stored):
    path = kept_folder(stored.artifact) / "manifest.json"
    path.write_text(path.read_text().replace("covid-19-1", "covid-19-2"))
    row = ended(stored)
    assert (row.status, row.error_code) == (JobStatus.FAILED, words.ARTIFACT_REFUSED)


def test_a_recipe_of_another_release_is_said(stored):
    row = ended(stored)
    assert (row.status, row.error_code) == (JobStatus.FAILED, words.OTHER_RECIPE)


def test_one_from_elsewhere_has_no_cases(covid):
    version = make_version(covid, run=None, snapshot=None)
    row = ended(version)
    assert (row.status, row.error_code) == (JobStatus.FAILED, words.FROM_ELSEWHERE)


def test_a_second_request_joins_the_first(covid, administrator, rung):
    version = make_version(covid)
    first = request_reproduction(version=version, by=administrator)
    assert request_reproduction(version=version, by=administrator) == first
    assert AuditEntry.objects.filter(subject="reproduction").count() == 1


def test_who_may_not_manage_models_may_not_ask(covid, doctor):
    with pytest.raises(PermissionDenied):
        request_reproduction(version=make_version(covid), by=doctor)


def test_a_lost_bell_is_rung_again(covid, rung):
    request_reproduction(version=make_version(covid), by=None)
    rung.clear()
    assert resume_reproductions() is True
    assert rung == ["reproduce_waiting"]


def test_trouble_gives_it_back(covid, monkeypatch):
    def full(*args, **options):
        raise MemoryError

    monkeypatch.setattr(reproducing, "reproduce", full)
    row = request_reproduction(version=make_version(covid), by=None)
    work_on_reproduction()
    row.refresh_from_db()
    assert (row.status, row.error_code) == (JobStatus.QUEUED, "out-of-memory")


def run(*arguments) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("reproduce", *map(str, arguments), stdout=out)
    except SystemExit as stopped:
        return int(stopped.code), out.getvalue()
    return 0, out.getvalue()


def test_the_command_says_why_not(covid):
    version = make_version(covid, run=None, snapshot=None)
    with translation.override("en"):
        status, said = run(version.version)
    assert status == 1
    assert "not trained in this installation" in said


def test_the_command_knows_no_such_version(covid):
    with pytest.raises(CommandError) as stopped:
        run("nonsense")
    assert stopped.value.returncode == 2


class TestPages:
    @pytest.mark.parametrize(("who", "expected"), [*zip(PEOPLE, (*REFUSED, 286), strict=True)])
    def test_who_sees_the_piece(self, actor, covid, who, expected):
        address = reverse("retraining:reproduction", args=[make_version(covid).pk])
        assert answer_of(actor(who).get(address)) == expected

    @pytest.mark.parametrize(("who", "expected"), [*zip(PEOPLE, (*REFUSED, 302), strict=True)])
    def test_who_may_ask(self, actor, covid, who, expected):
        address = reverse("retraining:reproduce", args=[make_version(covid).pk])
        assert answer_of(actor(who).post(address)) == expected
        assert Reproduction.objects.exists() == (who == "administrator")

    def test_looking_asks_for_nothing(self, actor, covid):
        address = reverse("retraining:reproduce", args=[make_version(covid).pk])
        assert actor("administrator").get(address).status_code == 405

    def test_it_asks_again_while_one_is_open(self, actor, covid):
        version = make_version(covid)
        request_reproduction(version=version, by=None)
        page = actor("administrator").get(reverse("retraining:reproduction", args=[version.pk]))
        assert page.status_code == 200
        assert 'hx-trigger="every 2s"' in page.content.decode()

    @pytest.mark.parametrize(
        ("result", "has_succeeded", "word"),
        [
            ({"is_same": True, "largest_difference": 0.0}, True, "last bit"),
            ({"is_same": False, "largest_difference": 0.01}, True, "at most"),
            ({"is_same": False, "largest_difference": 0.3}, False, "only"),
            ({"is_same": False, "largest_difference": None}, False, "no figure"),
        ],
    )
    def test_what_was_found(self, actor, covid, result, has_succeeded, word):
        version = make_version(covid)
        facts = {
            "weights_sha256": "ab" * 32,
            "tolerance": 0.02,
            "environment": {"torch": ["1", "2"]},
        }
        Reproduction.objects.create(
            version=version, status="done", has_succeeded=has_succeeded, result=facts | result
        )
        client = actor("administrator")
        address = reverse("retraining:reproduction", args=[version.pk])
        page = client.get(address, headers={"accept-language": "en"})
        assert page.status_code == 286
        with translation.override("en"):
            found = words.words_of(Reproduction.objects.get())
        assert word in found.sentence
        assert "torch" in page.content.decode()

    def test_why_it_failed(self, actor, covid):
        version = make_version(covid)
        Reproduction.objects.create(version=version, status="failed", error_code=words.CASES_GONE)
        page = actor("administrator").get(reverse("retraining:reproduction", args=[version.pk]))
        assert str(words.SENTENCES[words.CASES_GONE])[:20] in page.content.decode()
