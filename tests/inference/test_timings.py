"""Where the time of predictions goes: medians and 95th percentiles of each stage."""

from datetime import timedelta

import pytest
from django.utils import timezone

from inference import timings
from inference.models import Prediction, StageTimings
from inference.timings import STAGES, stage_summary
from tests.factories import make_radiograph

ENGINE = {"name": "ncnn", "device": "cpu", "precision": "fp32", "version": "1.0"}


@pytest.fixture
def timed(paper_model, predicted, site, health_worker):
    """`timed(head=2.0, cached=True, engine=..., ago=...) -> StageTimings` of a new radiograph."""
    seeds = iter(range(100))

    def make(*, cached=False, engine=None, ago=timedelta(), batch=4, **stages) -> StageTimings:
        radiograph = make_radiograph(site=site, uploader=health_worker, seed=next(seeds))
        prediction = predicted(radiograph, 0.9, paper_model)
        Prediction.objects.filter(pk=prediction.pk).update(
            features_were_cached=cached, engine=engine or {}
        )
        row = StageTimings.objects.create(prediction=prediction, batch=batch, **stages)
        StageTimings.objects.filter(pk=row.pk).update(created_at=timezone.now() - ago)
        return row

    return make


def stage(summary, key):
    return summary.stages[list(STAGES).index(key)]


def test_without_predictions_there_is_nothing_to_say(db):
    assert stage_summary() is None


def test_every_stage_of_the_table_has_a_line():
    columns = {field.name for field in StageTimings._meta.get_fields()}
    assert columns - set(STAGES) == {"id", "created_at", "updated_at", "prediction", "batch"}


def test_median_and_95th_percentile(timed):
    for milliseconds in (1.0, 2.0, 3.0, 4.0, 105.0):
        timed(head=milliseconds)
    found = stage(stage_summary(), "head")
    assert (found.median, found.p95) == (3.0, pytest.approx(84.8))


def test_what_did_not_need_a_stage_does_not_count_in_it(timed):
    timed(features=900.0, head=1.0)
    timed(head=3.0)
    assert stage(stage_summary(), "features").median == 900.0


def test_a_stage_that_nothing_needed_has_no_figures(timed):
    timed(head=1.0)
    found = stage(stage_summary(), "decode")
    assert (found.median, found.p95) == (None, None)


def test_the_total_is_of_whole_predictions(timed):
    timed(decode=10.0, features=100.0)
    timed(head=2.0)
    assert stage_summary().total.median == pytest.approx(56.0)


def test_share_from_the_cache_and_typical_batch(timed):
    for batch, cached in ((1, True), (8, False), (8, False), (8, False)):
        timed(batch=batch, cached=cached)
    summary = stage_summary()
    assert (summary.predictions, summary.cached, summary.batch) == (4, 0.25, 8)


def test_the_engine_is_that_of_the_newest_prediction_that_says(timed):
    timed(engine=ENGINE | {"name": "older"}, ago=timedelta(hours=2))
    timed(engine=ENGINE, ago=timedelta(hours=1))
    timed(cached=True)
    assert stage_summary().engine == ENGINE


def test_yesterday_does_not_count(timed):
    timed(head=1.0, ago=timedelta(hours=25))
    assert stage_summary() is None


def test_no_more_rows_are_read_than_a_page_can_bear(timed, monkeypatch):
    monkeypatch.setattr(timings, "MOST_ROWS", 2)
    for hours, milliseconds in ((3, 100.0), (2, 1.0), (1, 3.0)):
        timed(head=milliseconds, ago=timedelta(hours=hours))
    summary = stage_summary()
    assert (summary.predictions, stage(summary, "head").median) == (2, 2.0)


def test_it_is_one_query(timed, django_assert_num_queries):
    for _ in range(3):
        timed(head=1.0)
    with django_assert_num_queries(1):
        stage_summary()
