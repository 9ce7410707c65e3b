"""`manage.py repredict`."""

import json
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from core.jobs import JobStatus
from inference import features, services
from inference.features import FeatureKey
from inference.management.commands import repredict as command
from inference.models import Prediction, RePrediction


def repredict(*arguments) -> tuple[str, int]:
    """What it printed and its exit status."""
    out, status = StringIO(), 0
    try:
        call_command("repredict", *arguments, stdout=out)
    except SystemExit as end:
        status = end.code
    return out.getvalue(), status


@pytest.fixture
def case(model, radiograph):
    """A radiograph with cached features, without an answer by the live model."""
    Prediction.objects.all().delete()
    key = FeatureKey(radiograph.pixel_sha256, model.extractor, model.preprocessing)
    features.keep_many({key: np.ones(25088, np.float16)})
    return radiograph


def test_it_asks_and_leaves_the_work_to_a_worker(case, model):
    said, status = repredict()
    assert (RePrediction.objects.get().status, status) == (JobStatus.QUEUED, 0)
    assert "covid-19 1" in said


def test_with_wait_it_is_done_at_the_end(case, model):
    said, status = repredict("--wait", "--json")
    facts = json.loads(said)
    assert (facts["version"], facts["status"], facts["error"]) == ("1", "done", None)
    assert (facts["answered"], facts["queued"], status) == (1, 0, 0)
    assert Prediction.objects.get(radiograph=case).model == model


def test_twice_changes_nothing(case):
    repredict("--wait")
    facts = json.loads(repredict("--wait", "--json")[0])
    assert (facts["status"], facts["answered"]) == ("done", 0)
    assert Prediction.objects.count() == 1


def test_it_waits_for_another_process_that_has_the_request(case, model, monkeypatch):
    services.request_reprediction(model=model, by=None)
    owner = RePrediction.objects.claim(RePrediction.objects.get().pk)
    naps = []

    def nap(seconds):
        naps.append(seconds)
        RePrediction.objects.finish(owner)

    monkeypatch.setattr(command.time, "sleep", nap)
    assert json.loads(repredict("--wait", "--json")[0])["status"] == "done"
    assert len(naps) == 1


def test_what_fails_is_told_by_the_exit_status(case, model, settings):
    (settings.ARTIFACTS_DIR / model.artifact / "manifest.json").write_text("damaged")
    said, status = repredict("--wait", "--json")
    assert (json.loads(said)["error"], status) == ("model-refused", 1)


def test_cancel(case, model):
    repredict()
    repredict("--cancel")
    assert RePrediction.objects.get().status == JobStatus.CANCELLED


def test_cancel_without_a_request_is_one_sentence(model):
    with pytest.raises(CommandError):
        repredict("--cancel")


def test_without_a_live_model_it_is_one_sentence(target):
    with pytest.raises(CommandError, match="covid-19"):
        repredict()
