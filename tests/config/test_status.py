"""GET /status/: for administrators; parts, queues, models, disk and versions."""

import shutil

import pytest
from django.test import Client

from config import health, status
from core.jobs import JobStatus
from core.tasks import note_pulse
from images.models import StorageFinding, Target
from images.models.storage import StorageProblem
from inference.models import DeployedModel, Duty, Prediction, ShadowScore, StageTimings
from tests import factories

URL = "/status/"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("anonymous", 302),
        ("pending", 302),
        ("health_worker", 403),
        ("doctor", 403),
        ("researcher", 403),
        ("stranger", 403),
        ("site_administrator", 200),
        ("administrator", 200),
    ],
)
@pytest.mark.django_db
def test_who_may_open_it(actor, name, code):
    assert actor(name).get(URL).status_code == code


def test_a_visitor_is_led_to_the_door(db):
    assert Client().get(URL).url.startswith("/account/login/")


@pytest.mark.parametrize("silent", ["default", "inference"])
def test_a_silent_worker_is_named(sign_in, administrator, silent):
    for queue in {"default", "inference"} - {silent}:
        note_pulse(queue)
    shown = sign_in(administrator).get(URL).context["status"]
    assert [str(part.name) for part in shown.parts if not part.works] == [
        str(status.PARTS[f"worker-{silent}"])
    ]
    assert {queue.name for queue in shown.queues if queue.pulse_seconds is not None} == (
        {"default", "inference"} - {silent}
    )
    assert not shown.all_parts_work


def test_counts_are_of_what_the_person_sees(sign_in, site_administrator, stranger, other_site):
    factories.make_radiograph(site=other_site, uploader=stranger, seed=1)
    assert sign_in(site_administrator).get(URL).context["status"].radiographs == 0


def test_every_queue_has_a_length(sign_in, administrator):
    queues = sign_in(administrator).get(URL).context["status"].queues
    assert [(queue.name, queue.length) for queue in queues] == [
        ("default", 0), ("inference", 0), ("training", 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("free", "words"),
    [
        (900_000_000, "The disk is nearly full."),
        (50_000_000, "The disk is full: no radiograph is taken in"),
    ],
)
def test_a_disk_without_room_is_shown(sign_in, administrator, monkeypatch, free, words):
    usage = shutil._ntuple_diskusage(2_000_000_000, 2_000_000_000 - free, free)
    monkeypatch.setattr("config.status.shutil.disk_usage", lambda _: usage)
    assert words in text(sign_in(administrator))


def test_damaged_files_are_named_by_their_keys(sign_in, administrator, site, doctor):
    radiograph = factories.make_radiograph(site=site, uploader=doctor, seed=1)
    StorageFinding.objects.create(radiograph=radiograph, problem=StorageProblem.WRONG_FILE)
    page = text(sign_in(administrator))
    assert str(radiograph.pk) in page
    assert "The picture is not what was stored" in page
    assert radiograph.patient.code not in page


def test_findings_of_others_are_not_shown(sign_in, site_administrator, stranger, other_site):
    radiograph = factories.make_radiograph(site=other_site, uploader=stranger, seed=1)
    StorageFinding.objects.create(radiograph=radiograph, problem=StorageProblem.MISSING_FILE)
    assert str(radiograph.pk) not in text(sign_in(site_administrator))


def test_the_page_opens_without_a_broker(sign_in, administrator, monkeypatch):
    def away():
        raise OSError

    monkeypatch.setitem(health.CHECKS, "broker", away)
    page = sign_in(administrator).get(URL)
    assert page.status_code == 200
    assert {queue.length for queue in page.context["status"].queues} == {None}


def test_versions_name_what_runs(sign_in, administrator):
    versions = dict(sign_in(administrator).get(URL).context["status"].versions)
    assert versions["torch"].startswith("2.13.0")
    assert versions["django"].startswith("5.2")


ENGINE = {"name": "ncnn", "device": "cpu", "precision": "fp32", "version": "1.0.20260526"}


@pytest.fixture
def target(db) -> Target:
    return Target.objects.get(code="covid-19")


@pytest.fixture
def predicted(target, site, doctor) -> Prediction:
    """A prediction of the live model, with its timings."""
    radiograph = factories.make_radiograph(site=site, uploader=doctor, seed=1)
    model = DeployedModel.objects.create(target=target, version="live-1", threshold=0.5)
    made = Prediction.objects.create(
        radiograph=radiograph, target=target, status=JobStatus.DONE, model=model,
        predicted_class=target.positive_class, probability=0.9, engine=ENGINE,
    )  # fmt: skip
    StageTimings.objects.create(prediction=made, batch=16, decode=7.25, features=412.5, store=1.0)
    return made


@pytest.fixture
def candidate(target) -> DeployedModel:
    return DeployedModel.objects.create(
        target=target, version="candidate-2", threshold=0.5, duty=Duty.SHADOW
    )


def text(client: Client) -> str:
    return client.get(URL, headers={"accept-language": "en"}).content.decode()


def test_stages_and_engine_are_shown(sign_in, administrator, predicted):
    page = text(sign_in(administrator))
    for words in ("7.3", "412.5", "420.8", "ncnn 1.0.20260526", "fp32"):
        assert words in page


def test_without_predictions_the_stages_say_so(sign_in, administrator):
    assert "Nothing was predicted in the last 24 hours." in text(sign_in(administrator))


def test_stages_are_of_the_whole_platform(sign_in, site_administrator, predicted, other_site):
    site_administrator.site = other_site
    site_administrator.save()
    shown = sign_in(site_administrator).get(URL).context["status"]
    assert (shown.radiographs, shown.timings.predictions) == (0, 1)


def test_candidates_are_shown_with_their_disagreements(
    sign_in, administrator, predicted, candidate, target
):
    ShadowScore.objects.create(
        model=candidate, prediction=predicted, probability=0.1, agrees=False,
        predicted_class=target.classes.get(is_positive=False),
    )  # fmt: skip
    page = text(sign_in(administrator))
    assert "candidate-2" in page
    assert "100.0\N{NO-BREAK SPACE}%" in page
    assert "20.7\N{NO-BREAK SPACE}% – 100.0\N{NO-BREAK SPACE}%" in page


def test_a_candidate_without_scores_claims_nothing(sign_in, administrator, candidate):
    [shown] = sign_in(administrator).get(URL).context["status"].shadows
    assert (shown.scored, shown.disagreements, shown.share_in_words) == (0, 0, "")


def test_a_stopped_candidate_is_not_shown(sign_in, administrator, candidate):
    DeployedModel.objects.update(ended_at=candidate.created_at)
    page = text(sign_in(administrator))
    assert "candidate-2" not in page
    assert "No candidate scores beside the model in service." in page


def test_a_candidate_is_not_among_the_models_that_serve(sign_in, administrator, candidate):
    assert sign_in(administrator).get(URL).context["status"].models == []


def test_number_of_queries_does_not_grow_with_predictions(
    sign_in, administrator, predicted, django_assert_max_num_queries
):
    browser = sign_in(administrator)
    browser.get(URL)
    with django_assert_max_num_queries(22):
        browser.get(URL)
