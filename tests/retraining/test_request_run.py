"""Asking for a training run: who may, with what, and never twice at once."""

import pytest
from django.core.exceptions import PermissionDenied

from accounts.models import AuditEntry
from images.models import Target
from retraining.ml.architectures import BadRecipe
from retraining.models import Lane, TrainingRun, Trigger
from retraining.services import RunOpen, cancel_run, request_run

pytestmark = pytest.mark.usefixtures("bells")


def ask(target, by=None, architecture="covid-xr-c", **more) -> TrainingRun:
    return request_run(target=target, architecture=architecture, by=by, **more)


def test_waits_with_the_usual_extractor(covid, administrator):
    run = ask(covid, administrator)
    run.refresh_from_db()
    assert (run.status, run.stage, run.lane) == ("queued", "waiting", Lane.FAST)
    assert (run.extractor, run.trigger) == ("vgg16-block5", Trigger.PAGE)


def test_rings_once_it_is_stored(covid, administrator, bells, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        ask(covid, administrator)
    assert bells == ["train_waiting"]


def test_is_recorded(covid, administrator):
    run = ask(covid, administrator)
    entry = AuditEntry.objects.get(subject="run", subject_id=run.pk)
    assert entry.actor == administrator
    assert entry.after == {"architecture": "covid-xr-c", "target": "covid-19"}


@pytest.mark.parametrize("name", ["health_worker", "doctor", "researcher", "site_administrator"])
def test_only_who_manages_models(request, covid, name):
    with pytest.raises(PermissionDenied):
        ask(covid, request.getfixturevalue(name))
    assert not TrainingRun.objects.exists()


def test_a_second_one_names_the_first(covid, administrator):
    first = ask(covid, administrator)
    with pytest.raises(RunOpen) as refused:
        ask(covid, administrator, architecture="logistic")
    assert refused.value.run == first
    assert TrainingRun.objects.count() == 1


def test_targets_do_not_wait_for_one_another(covid, administrator):
    ask(covid, administrator)
    ask(Target.objects.get(code="chest-three-classes"), administrator)
    assert TrainingRun.objects.count() == 2


def test_after_the_first_has_ended(covid, administrator):
    cancel_run(run=ask(covid, administrator), by=administrator)
    ask(covid, administrator)


@pytest.mark.parametrize(
    "asked",
    [
        {"architecture": "perceptron"},
        {"extractor": "vgg99"},
        {"extractor": "alexnet-grey"},
        {"architecture": "alexnet-grey", "extractor": "vgg16-block5"},
        {"overrides": {"recipe": "secret"}},
        {"overrides": {"classes": 7}},
        {"overrides": {"epochs": "many"}},
        {"overrides": {"epochs": 0}},
    ],
)
def test_what_cannot_be_trained_is_refused(covid, administrator, asked):
    with pytest.raises(BadRecipe):
        ask(covid, administrator, **asked)
    assert not TrainingRun.objects.exists()


def test_a_whole_network_brings_its_extractor(covid, administrator):
    run = ask(covid, administrator, architecture="cnn-64")
    assert (run.lane, run.extractor) == (Lane.SLOW, "cnn-64")
