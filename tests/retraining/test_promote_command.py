"""`manage.py promote VERSION` and `manage.py rollback`."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AuditEntry
from images.models import Target
from inference.models import DeployedModel
from retraining.models import ModelVersion
from tests.retraining.versions import comparison_with, make_version, serve

pytestmark = pytest.mark.django_db


@pytest.fixture
def live(covid) -> DeployedModel:
    return serve(make_version(covid, 1))


@pytest.fixture
def candidate(covid, live) -> ModelVersion:
    return make_version(covid, 2, live=live)


def run(*arguments) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command(*map(str, arguments), stdout=out)
    except SystemExit as ended:
        return int(ended.code), out.getvalue()
    return 0, out.getvalue()


def test_promote(candidate, covid):
    status, said = run("promote", candidate.version, "--reason", "better")
    assert status == 0
    assert candidate.version in said
    served = DeployedModel.objects.live(covid)
    assert (served.sha256, served.reason) == (candidate.sha256, "better")
    assert set(AuditEntry.objects.values_list("way", flat=True)) >= {"command"}


def test_promote_in_json(candidate):
    status, said = run("promote", candidate.version, "--json")
    facts = json.loads(said)
    assert (status, facts["status"], facts["error"]) == (0, "done", None)
    assert (facts["target"], facts["serves"]) == ("covid-19", candidate.version)
    assert all(rule["is_met"] for rule in facts["rules"])


def test_promote_by_number(candidate, covid):
    assert run("promote", "2", "--target", "covid-19")[0] == 0
    assert DeployedModel.objects.live(covid).version == candidate.version


def test_a_worse_one_is_refused(covid, live):
    worse = make_version(covid, 2, comparison=comparison_with(live, -0.3))
    status, said = run("promote", worse.version)
    assert status == 1
    assert "0.300" in said.replace(",", ".")
    status, said = run("promote", worse.version, "--json")
    facts = json.loads(said)
    assert (status, facts["status"], facts["error"]) == (1, "refused", "gate-closed")
    assert [rule["rule"] for rule in facts["rules"] if not rule["is_met"]] == ["not-worse"]
    assert facts["serves"] == live.version


def test_damaged_files_are_one_sentence(candidate, covid, live, settings):
    (settings.ARTIFACTS_DIR / candidate.artifact / "head.safetensors").unlink()
    status, said = run("promote", candidate.version, "--json")
    assert (status, json.loads(said)["error"]) == (1, "artifact-refused")
    assert DeployedModel.objects.live(covid) == live


@pytest.mark.parametrize(
    "arguments",
    [("promote", "nothing"), ("promote", "2", "--target", "nowhere"), ("promote", "2"),
     ("rollback", "--target", "nowhere")],
)  # fmt: skip
def test_what_is_not_there(candidate, arguments):
    with pytest.raises(CommandError) as problem:
        run(*arguments)
    assert problem.value.returncode == 2


def test_one_name_in_two_targets_must_be_told_apart(candidate, covid):
    other = make_version(Target.objects.get(code="chest-three-classes"), 5)
    ModelVersion.objects.filter(pk=other.pk).update(version=candidate.version)
    with pytest.raises(CommandError, match="--target"):
        run("promote", candidate.version)
    assert run("promote", candidate.version, "--target", "covid-19")[0] == 0


def test_rollback(candidate, covid, live):
    run("promote", candidate.version)
    status, said = run("rollback", "--reason", "odd answers")
    assert status == 0
    assert live.version in said
    assert DeployedModel.objects.live(covid).reason == "odd answers"


def test_rollback_in_json(candidate, live):
    run("promote", candidate.version)
    facts = json.loads(run("rollback", "--json")[1])
    assert (facts["status"], facts["serves"]) == ("done", live.version)
    status, said = run("rollback", "--json")
    assert (status, json.loads(said)["error"]) == (1, "nothing-before")
