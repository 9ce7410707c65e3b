"""`manage.py shadow start|stop|report`."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from inference import services
from inference.ml.engine import Outcome
from inference.models import DeployedModel, ShadowScore
from tests.factories import make_radiograph


def shadow(*arguments) -> str:
    out = StringIO()
    call_command("shadow", *map(str, arguments), stdout=out)
    return out.getvalue()


@pytest.fixture
def candidate(model, make_artifact) -> DeployedModel:
    shadow("start", make_artifact("2"), "--reason", "to try")
    return DeployedModel.objects.shadows().get()


@pytest.fixture
def scored(candidate, model, radiograph, predicted) -> ShadowScore:
    """One radiograph on which the two disagree."""
    radiograph.predictions.all().delete()
    outcome = Outcome({"covid-19": 0.2, "no-covid-19": 0.8}, 0.2, "no-covid-19", 0.5)
    prediction = predicted(radiograph, 0.9, model)
    services.record_scores(model=candidate, scored=[(prediction, outcome)])
    return ShadowScore.objects.get()


def test_start(candidate):
    assert (candidate.version, candidate.reason) == ("2", "to try")
    assert candidate.activated_by is None


def test_start_says_what_scores(model, make_artifact):
    assert "covid-19 2" in shadow("start", make_artifact("2"), "--reason", "to try")


def test_start_without_a_reason_is_refused(model, make_artifact):
    with pytest.raises(CommandError, match="--reason"):
        shadow("start", make_artifact("2"))


def test_start_with_an_unknown_target_is_one_sentence(model, make_artifact):
    with pytest.raises(CommandError, match="nowhere"):
        shadow("start", make_artifact("2"), "--reason", "x", "--target", "nowhere")


def test_start_with_what_is_no_artifact_is_one_sentence(model, tmp_path):
    with pytest.raises(CommandError):
        shadow("start", tmp_path / "nothing", "--reason", "x")


def test_start_of_the_live_model_is_refused(model, make_artifact):
    with pytest.raises(CommandError, match="already"):
        shadow("start", make_artifact("1"), "--reason", "x")


def test_stop(candidate):
    assert "covid-19 2" in shadow("stop", "2")
    assert not DeployedModel.objects.shadows().exists()


def test_stop_of_what_does_not_score_is_refused(model):
    with pytest.raises(CommandError, match="1"):
        shadow("stop", model.version)
    assert DeployedModel.objects.live(model.target) == model


def test_report_in_json(scored):
    [line] = shadow("report", "--json").splitlines()
    facts = json.loads(line)
    assert (facts["target"], facts["version"], facts["until"]) == ("covid-19", "2", None)
    assert (facts["scored"], facts["disagreements"], facts["live_positive"]) == (1, 1, 1)
    assert facts["share"]["value"] == 1.0
    assert facts["mean_difference"] == pytest.approx(0.7)
    assert facts["truth_known"] == facts["live_right"] == facts["candidate_right"] == 0


def test_report_in_words(scored):
    assert "covid-19 2" in shadow("report")
    assert "100.0 %" in shadow("report")


def test_report_of_what_has_not_scored_yet(candidate):
    assert "covid-19 2" in shadow("report")
    assert json.loads(shadow("report", "--json"))["share"]["value"] is None


def test_report_still_knows_a_stopped_candidate(scored):
    shadow("stop", "2")
    facts = json.loads(shadow("report", "--json"))
    assert facts["scored"] == 1
    assert facts["until"] is not None


def test_report_without_candidates_is_empty(model):
    make_radiograph(seed=3)
    assert shadow("report") == ""
