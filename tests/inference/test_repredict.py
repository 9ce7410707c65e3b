"""Answering again after another model went into service: once each, whatever happens meanwhile."""

from datetime import timedelta

import numpy as np
import pytest
import time_machine
from django.utils import timezone

from core.jobs import LEASE, MAX_ATTEMPTS, REST, WORKER_DIED, JobStatus
from images.models import Radiograph
from images.services import trash
from inference import features, reasons, repredicting, services, tasks, worker
from inference.artifact_store import kept_folder
from inference.features import FeatureKey
from inference.models import DeployedModel, GateOverride, Prediction, RePrediction, Urgency
from inference.services import repredict
from tests.factories import make_radiograph

CASES = 5


@pytest.fixture(autouse=True)
def bells(monkeypatch, rung) -> list[str]:
    """Names of the tasks that were rung for."""

    def note(task) -> bool:
        rung.append(task.__name__)
        return True

    monkeypatch.setattr(repredict, "ring", note)
    monkeypatch.setattr("inference.tasks.repredict.ring", note)
    return rung


def vector_of(radiograph: Radiograph) -> np.ndarray:
    random = np.random.default_rng(int(radiograph.pixel_sha256[:8], 16))
    return random.random(25088).astype(np.float16)


def key_of(radiograph: Radiograph, model: DeployedModel) -> FeatureKey:
    return FeatureKey(radiograph.pixel_sha256, model.extractor, model.preprocessing)


@pytest.fixture
def cases(model, site, health_worker, predicted) -> list[Radiograph]:
    """Radiographs with cached features that an older model answered for."""
    made = [make_radiograph(site=site, uploader=health_worker, seed=seed) for seed in range(CASES)]
    Prediction.objects.all().delete()
    for radiograph in made:
        predicted(radiograph, 0.9, model)
    features.keep_many({key_of(case, model): vector_of(case) for case in made})
    return made


@pytest.fixture
def newer(cases, model, make_artifact) -> DeployedModel:
    """The model that is live now."""
    return services.activate(
        target=model.target, artifact_dir=make_artifact("2"), by=None, reason="newer"
    )


@pytest.fixture
def asked(newer, administrator) -> RePrediction:
    return services.request_reprediction(model=newer, by=administrator)


@pytest.fixture
def one_at_a_time(monkeypatch) -> None:
    monkeypatch.setattr(repredict, "CHUNK", 1)


def work_until_quiet() -> None:
    while services.work_on_reprediction():
        pass


def done_by(model: DeployedModel):
    return Prediction.objects.filter(model=model, status=JobStatus.DONE)


def during_the_work(monkeypatch, happening) -> None:
    """Let something happen once, after the first chunk is computed and before it is written."""
    real, happened = repredicting.predictions_of, []

    def then(job, radiographs):
        rows = real(job, radiographs)
        if not happened:
            happened.append(happening(radiographs))
        return rows

    monkeypatch.setattr(repredict, "predictions_of", then)


def deleted(radiograph: Radiograph):
    return Radiograph.objects.filter(pk=radiograph.pk).delete()


def test_every_radiograph_is_answered_for_again(asked, newer, cases):
    assert not services.work_on_reprediction()
    assert {row.radiograph for row in done_by(newer)} == set(cases)
    asked.refresh_from_db()
    assert (asked.status, asked.answered, asked.queued) == (JobStatus.DONE, CASES, 0)


def test_an_answer_says_how_it_came_about(asked, newer, administrator):
    work_until_quiet()
    row = done_by(newer).first()
    assert (row.requested_by, row.urgency) == (administrator, Urgency.BACKGROUND)
    assert row.features_were_cached
    assert row.started_at <= row.finished_at
    assert row.predicted_class.is_positive == (row.probability >= newer.threshold)


def test_the_probability_is_that_of_each_radiograph_alone(asked, newer):
    work_until_quiet()
    alone = worker.load_classifier(kept_folder(newer.artifact), newer.sha256)
    for row in done_by(newer).select_related("radiograph"):
        [outcome] = alone.outcomes(vector_of(row.radiograph)[None])
        assert row.probability == pytest.approx(outcome.positive_probability, rel=0, abs=1e-12)
        assert row.probabilities == pytest.approx(outcome.probabilities, rel=0, abs=1e-12)


def test_the_older_answers_stay(asked, model):
    work_until_quiet()
    assert done_by(model).count() == CASES


def test_asking_twice_is_asking_once(asked, newer):
    assert services.request_reprediction(model=newer, by=None) == asked


def test_a_request_rings(newer, bells, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        services.request_reprediction(model=newer, by=None)
    assert bells == ["repredict_waiting"]


def test_only_the_live_model_answers_again(newer, model):
    with pytest.raises(services.NotInService):
        services.request_reprediction(model=model, by=None)


def test_a_candidate_in_the_shadow_never_answers(newer, make_artifact):
    candidate = services.start_shadow(
        target=newer.target, artifact_dir=make_artifact("3"), by=None, reason="try"
    )
    with pytest.raises(services.NotInService):
        services.request_reprediction(model=candidate, by=None)


@pytest.mark.parametrize("wish", [True, False])
def test_promotion_asks_where_it_is_told_to(cases, model, make_artifact, wish):
    services.activate(
        target=model.target, artifact_dir=make_artifact("2"), by=None, reason="x", repredict=wish
    )
    assert RePrediction.objects.exists() == wish


def test_the_trash_is_left_alone(asked, newer, cases, doctor):
    trash(radiograph=cases[0], by=doctor)
    work_until_quiet()
    assert cases[0] not in {row.radiograph for row in done_by(newer)}


class TestWithoutFeatures:
    @pytest.fixture(autouse=True)
    def lost(self, cases, model) -> Radiograph:
        other = make_radiograph(site=cases[0].site, uploader=cases[0].uploader, seed=99)
        Prediction.objects.filter(radiograph=other).delete()
        return other

    def test_it_is_queued_behind_everybody_else(self, asked, lost, bells):
        work_until_quiet()
        row = Prediction.objects.get(radiograph=lost)
        assert (row.status, row.urgency) == (JobStatus.QUEUED, Urgency.BACKGROUND)
        assert "predict_waiting" in bells
        asked.refresh_from_db()
        assert (asked.status, asked.answered, asked.queued) == (JobStatus.DONE, CASES, 1)

    def test_an_open_prediction_is_the_only_one(self, asked, lost):
        services.request_predictions(radiographs=[lost])
        work_until_quiet()
        assert Prediction.objects.filter(radiograph=lost).count() == 1

    def test_what_fails_is_not_asked_again_by_the_same_pass(self, asked, lost, one_at_a_time):
        while services.work_on_reprediction(seconds=0):
            Prediction.objects.filter(radiograph=lost).update(status=JobStatus.FAILED)
        assert Prediction.objects.filter(radiograph=lost).count() == 1

    def test_a_vector_that_no_head_accepts_is_left_to_the_worker(self, asked, lost, newer):
        features.keep_many({key_of(lost, newer): np.full(25088, np.nan, np.float16)})
        work_until_quiet()
        assert Prediction.objects.get(radiograph=lost).status == JobStatus.QUEUED
        assert done_by(newer).count() == CASES


class TestGate:
    @pytest.fixture(autouse=True)
    def stopped(self, cases, failed) -> Radiograph:
        failed(cases[0], reasons.NOT_FRONTAL)
        return cases[0]

    def test_what_it_stopped_stays_stopped(self, asked, newer, stopped):
        work_until_quiet()
        assert not Prediction.objects.filter(radiograph=stopped, model=newer).exists()
        assert done_by(newer).count() == CASES - 1

    def test_a_persons_word_counts(self, asked, newer, stopped, doctor):
        GateOverride.objects.create(radiograph=stopped, overridden_by=doctor, reason="It is one.")
        work_until_quiet()
        assert done_by(newer).filter(radiograph=stopped).exists()

    def test_another_failure_is_no_obstacle(self, asked, newer, cases, failed):
        failed(cases[1], reasons.STORAGE)
        Prediction.objects.filter(error_code=reasons.STORAGE).update(created_at=before(asked))
        work_until_quiet()
        assert done_by(newer).filter(radiograph=cases[1]).exists()


def before(job: RePrediction):
    return job.created_at - timedelta(hours=1)


class TestGivingWay:
    @pytest.fixture(autouse=True)
    def _one_at_a_time(self, one_at_a_time) -> None:
        """Several chunks, so that there is something to come back to."""

    def test_it_stops_after_a_chunk_where_somebody_waits(self, asked, newer, site, health_worker):
        make_radiograph(site=site, uploader=health_worker, seed=50)
        assert services.work_on_reprediction()
        assert done_by(newer).count() == 1

    def test_a_batch_is_no_reason_to_stop(self, asked, newer, site, health_worker):
        make_radiograph(site=site, uploader=health_worker, seed=50)
        Prediction.objects.waiting().update(urgency=Urgency.BULK)
        assert not services.work_on_reprediction()
        assert done_by(newer).count() == CASES

    def test_a_slice_that_is_over_leaves_the_rest_to_the_next(self, asked, newer):
        counts = []
        while services.work_on_reprediction(seconds=0):
            counts.append(done_by(newer).count())
        assert counts == [1, 2, 3, 4, 5]

    def test_slices_spend_no_attempts(self, asked):
        assert services.work_on_reprediction(seconds=0)
        asked.refresh_from_db()
        assert (asked.status, asked.attempts) == (JobStatus.QUEUED, 0)

    def test_the_task_rings_for_the_rest(self, asked, bells, site, health_worker):
        make_radiograph(site=site, uploader=health_worker, seed=50)
        tasks.repredict_waiting.run()
        assert bells[-1] == "repredict_waiting"

    def test_the_task_is_silent_at_the_end(self, asked, bells):
        tasks.repredict_waiting.run()
        assert bells == []


class TestTrouble:
    @pytest.fixture(autouse=True)
    def _one_at_a_time(self, one_at_a_time) -> None:
        """Several chunks, so that a trouble can come between them."""

    @pytest.mark.parametrize("chunk", range(CASES))
    def test_it_goes_on_after_a_crash_in_any_chunk(self, asked, newer, cases, monkeypatch, chunk):
        self.crash_in(monkeypatch, chunk)
        services.work_on_reprediction()
        assert done_by(newer).count() == chunk
        with time_machine.travel(timezone.now() + REST + timedelta(seconds=1), tick=False):
            work_until_quiet()
        assert sorted(str(row.radiograph_id) for row in done_by(newer)) == sorted(
            str(case.pk) for case in cases
        )
        asked.refresh_from_db()
        assert (asked.status, asked.answered) == (JobStatus.DONE, CASES)

    def crash_in(self, monkeypatch, chunk: int) -> None:
        """Let writing fail once, halfway through the transaction of that chunk."""
        real, calls = repredict.Prediction.objects.bulk_create, []

        def bulk_create(rows, **options):
            calls.append(rows)
            written = real(rows, **options)
            if len(calls) == chunk + 1:
                raise OSError
            return written

        monkeypatch.setattr(repredict.Prediction.objects, "bulk_create", bulk_create)

    def test_it_gives_up_after_three_attempts(self, asked, monkeypatch):
        def broken(*_):
            raise RuntimeError("poison")

        monkeypatch.setattr(repredict, "predictions_of", broken)
        for turn in range(MAX_ATTEMPTS):
            later = timezone.now() + turn * (REST + timedelta(seconds=1))
            with time_machine.travel(later, tick=False):
                services.work_on_reprediction()
        asked.refresh_from_db()
        assert (asked.status, asked.error_code) == (JobStatus.FAILED, reasons.UNEXPECTED)

    def test_a_damaged_artifact_ends_it_with_the_reason(self, asked, newer):
        (kept_folder(newer.artifact) / "head.safetensors").write_bytes(b"damaged")
        worker.load_classifier.cache_clear()
        services.work_on_reprediction()
        asked.refresh_from_db()
        assert (asked.status, asked.error_code) == (JobStatus.FAILED, reasons.MODEL_REFUSED)

    def test_cancelling_stops_it_before_the_next_write(self, asked, newer, monkeypatch):
        during_the_work(monkeypatch, lambda _: services.cancel_reprediction(model=newer))
        services.work_on_reprediction()
        asked.refresh_from_db()
        assert (asked.status, done_by(newer).count()) == (JobStatus.CANCELLED, 0)

    def test_it_ends_when_another_model_goes_live(self, asked, newer, make_artifact, monkeypatch):
        def promote(_):
            services.activate(
                target=newer.target, artifact_dir=make_artifact("3"), by=None, reason="newest"
            )

        during_the_work(monkeypatch, promote)
        services.work_on_reprediction()
        asked.refresh_from_db()
        assert (asked.status, done_by(newer).count()) == (JobStatus.CANCELLED, 1)

    def test_an_answer_that_came_first_stays_the_only_one(
        self, asked, newer, predicted, monkeypatch
    ):
        during_the_work(monkeypatch, lambda chunk: predicted(chunk[0], 0.25, newer))
        work_until_quiet()
        assert done_by(newer).count() == CASES
        assert done_by(newer).filter(probability=0.25).exists()

    def test_a_radiograph_deleted_meanwhile_is_no_trouble(self, asked, newer, monkeypatch):
        during_the_work(monkeypatch, lambda chunk: deleted(chunk[0]))
        work_until_quiet()
        assert done_by(newer).count() == CASES - 1

    def test_a_late_writer_writes_nothing(self, asked, newer, monkeypatch):
        def another_claims(_):
            with time_machine.travel(timezone.now() + 2 * LEASE, tick=False):
                assert RePrediction.objects.claim(asked.pk)

        during_the_work(monkeypatch, another_claims)
        assert not services.work_on_reprediction()
        assert not done_by(newer).exists()


def test_two_workers_never_hold_the_same_request(asked, monkeypatch):
    inner = []
    during_the_work(monkeypatch, lambda _: inner.append(services.work_on_reprediction()))
    services.work_on_reprediction()
    assert inner == [False]


def test_what_an_older_model_is_just_answering_is_waited_for(asked, newer, cases, model):
    busy = Prediction.objects.filter(radiograph=cases[0])
    busy.update(status=JobStatus.QUEUED)
    owner = Prediction.objects.claim(busy.get().pk)
    busy.update(started_at=newer.created_at - timedelta(seconds=1))
    work_until_quiet()
    asked.refresh_from_db()
    assert asked.status == JobStatus.QUEUED
    assert Prediction.objects.finish(owner)
    with time_machine.travel(timezone.now() + REST + timedelta(seconds=1), tick=False):
        work_until_quiet()
    assert done_by(newer).filter(radiograph=cases[0]).exists()


class TestReaper:
    def test_it_rings_for_a_request_that_lost_its_bell(self, asked, bells):
        assert services.resume_repredictions()
        assert bells == ["repredict_waiting"]

    def test_it_is_silent_without_a_request(self, newer, bells):
        assert not services.resume_repredictions()
        assert bells == []

    def test_it_rings_for_a_dead_workers_request_once_the_lease_is_over(self, asked, bells):
        assert RePrediction.objects.claim(asked.pk)
        assert not services.resume_repredictions()
        with time_machine.travel(timezone.now() + LEASE + timedelta(seconds=1), tick=False):
            assert services.resume_repredictions()

    def test_it_buries_what_killed_three_workers(self, asked):
        RePrediction.objects.update(
            status=JobStatus.RUNNING, attempts=MAX_ATTEMPTS, lease_until=timezone.now() - LEASE
        )
        services.resume_repredictions()
        asked.refresh_from_db()
        assert (asked.status, asked.error_code) == (JobStatus.FAILED, WORKER_DIED)
