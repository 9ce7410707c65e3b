"""GET /api/v1/predictions/ and /api/v1/predictions/{id}/"""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from images.models import Target
from images.services import trash
from inference.models import DeployedModel, Prediction, StageTimings
from tests import factories

URL = "/api/v1/predictions/"


@pytest.fixture
def model(db):
    return DeployedModel.objects.create(
        target=Target.objects.get(code="covid-19"), version="c-1", architecture="C",
        extractor="vgg16", preprocessing="v1", artifact="c-1", sha256="ab" * 32, threshold=0.4,
    )  # fmt: skip


def predict(radiograph, model, status="done", **values):
    """A row as the worker leaves it, instead of the one that waits."""
    Prediction.objects.filter(radiograph=radiograph).waiting().delete()
    if status == "done":
        values |= {
            "model": model,
            "predicted_class": model.target.classes.get(is_positive=True),
            "probability": 0.875,
            "probabilities": {"covid-19": 0.875, "no-covid-19": 0.125},
            "milliseconds": 12,
        }
    return Prediction.objects.create(
        radiograph=radiograph, target=model.target, status=status, **values
    )


def ids(response) -> set[str]:
    return {row["id"] for row in response.json()["results"]}


def test_prediction_in_full(radiograph, model, doctor, sign_in):
    made = predict(radiograph, model)

    row = sign_in(doctor).get(f"{URL}{made.pk}/").json()

    assert row.pop("timings").keys() == {
        "queued_at", "started_at", "finished_at", "milliseconds", "features_were_cached", "stages",
    }  # fmt: skip
    assert row == {
        "id": str(made.pk),
        "radiograph": str(radiograph.pk),
        "target": "covid-19",
        "status": "done",
        "label": "covid-19",
        "probability": 0.875,
        "probabilities": {"covid-19": 0.875, "no-covid-19": 0.125},
        "answers": [],
        "unsure": False,
        "threshold": 0.4,
        "model": {
            "version": "c-1", "sha256": "ab" * 32, "preprocessing": "v1", "extractor": "vgg16",
        },
        "engine": None,
        "gate": {"similarity": None, "score": None, "stopped": False, "overridden": False},
        "error": None,
    }  # fmt: skip


def test_stages_of_a_prediction(radiograph, model, doctor, sign_in):
    made = predict(radiograph, model)
    StageTimings.objects.create(prediction=made, batch=4, decode=7.5, features=400.0, head=0.25)

    row = sign_in(doctor).get(f"{URL}{made.pk}/").json()

    assert row["timings"]["stages"] == {
        "fetch": None, "decode": 7.5, "preprocess": None, "features": 400.0, "gate": None,
        "head": 0.25, "store": None,
    }  # fmt: skip


def test_stages_are_null_where_none_were_measured(radiograph, model, doctor, sign_in):
    made = predict(radiograph, model)

    assert sign_in(doctor).get(f"{URL}{made.pk}/").json()["timings"]["stages"] is None


def test_engine_that_computed_a_prediction(radiograph, model, doctor, sign_in):
    engine = {"name": "ncnn", "device": "cpu", "precision": "fp32", "version": "1.0"}
    made = predict(radiograph, model, engine=engine)

    assert sign_in(doctor).get(f"{URL}{made.pk}/").json()["engine"] == engine


def test_waiting_prediction_claims_nothing(radiograph, model, doctor, sign_in):
    made = predict(radiograph, model, "queued")

    row = sign_in(doctor).get(f"{URL}{made.pk}/").json()

    known = {row[name] for name in ("label", "probability", "threshold", "model", "error")}
    assert (known, row["probabilities"]) == ({None}, {})


def test_failed_prediction_says_why(radiograph, model, doctor, sign_in):
    made = predict(radiograph, model, "failed", error_code="file-missing")

    error = sign_in(doctor).get(f"{URL}{made.pk}/").json()["error"]

    assert error["code"] == "file-missing"
    assert len(error["sentence"]) > 20


def test_code_of_an_earlier_try_is_no_error(radiograph, model, doctor, sign_in):
    made = predict(radiograph, model, "queued", error_code="storage", attempts=1)

    assert sign_in(doctor).get(f"{URL}{made.pk}/").json()["error"] is None


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"a", "b", "c"}),
        ("radiograph={a}", {"a", "b"}),
        ("status=done", {"a"}),
        ("status=failed&status=queued", {"b", "c"}),
        ("model=c-1", {"a"}),
        ("model=c-2", set()),
        ("target=covid-19", {"a", "b", "c"}),
        ("target=chest-three-classes", set()),
    ],
)
def test_filters(query, found, radiograph, model, site, doctor, sign_in):
    other = factories.make_radiograph(site=site, uploader=doctor, seed=9)
    rows = {
        "a": predict(radiograph, model),
        "b": predict(radiograph, model, "failed", error_code="storage"),
        "c": predict(other, model, "queued"),
    }
    names = {str(row.pk): name for name, row in rows.items()}

    response = sign_in(doctor).get(f"{URL}?{query.format(a=radiograph.pk)}")

    assert {names[key] for key in ids(response)} == found


@pytest.mark.parametrize("query", ["status=odd", "radiograph=odd"])
def test_bad_filter_values_are_named(query, doctor, sign_in):
    response = sign_in(doctor).get(f"{URL}?{query}")

    assert (response.status_code, list(response.json()["errors"])) == (400, [query.split("=")[0]])


def test_filter_by_another_sites_radiograph_finds_nothing(radiograph, model, stranger, sign_in):
    predict(radiograph, model)

    assert ids(sign_in(stranger).get(f"{URL}?radiograph={radiograph.pk}")) == set()


def test_predictions_of_the_trash_are_not_shown(radiograph, model, doctor, sign_in):
    made = predict(radiograph, model)
    trash(radiograph=radiograph, by=doctor)

    assert ids(sign_in(doctor).get(URL)) == set()
    assert sign_in(doctor).get(f"{URL}{made.pk}/").status_code == 404


def test_number_of_queries_does_not_grow(site, model, doctor, sign_in):
    client = sign_in(doctor)
    client.get(URL)
    counts = []
    for seed in range(5):
        made = factories.make_radiograph(site=site, uploader=doctor, seed=seed)
        StageTimings.objects.create(prediction=predict(made, model), batch=1, head=1.0)
        with CaptureQueriesContext(connection) as queries:
            assert len(ids(client.get(URL))) == seed + 1
        counts.append(len(queries))

    assert counts[0] == counts[-1]
