"""Who gets which answer: each role at each address and method."""

import json

import pytest

from images.models import Radiograph, Target
from inference.models import Prediction
from tests import factories

CAST = [
    "anonymous", "pending", "stranger", "health_worker", "doctor", "researcher",
    "site_administrator", "administrator",
]  # fmt: skip

TRUTH = {"truth": {"target": "covid-19", "result": "negative"}}

#                        anon pend stra heal doct rese site admi
TABLE = {
    "GET images/":        (401, 403, 200, 200, 200, 200, 200, 200),
    "POST images/":       (401, 403, 400, 400, 400, 403, 400, 400),
    "GET image":          (401, 403, 404, 200, 200, 200, 200, 200),
    "GET picture":        (401, 403, 404, 200, 200, 200, 200, 200),
    "PATCH image":        (401, 403, 403, 403, 200, 403, 200, 200),
    "DELETE image":       (401, 403, 404, 403, 204, 403, 204, 204),
    "PUT image":          (401, 403, 405, 405, 405, 405, 405, 405),
    "GET predictions/":   (401, 403, 200, 200, 200, 200, 200, 200),
    "POST predictions/":  (401, 403, 405, 405, 405, 405, 405, 405),
    "GET prediction":     (401, 403, 404, 200, 200, 200, 200, 200),
    "PATCH prediction":   (401, 403, 405, 405, 405, 405, 405, 405),
    "DELETE prediction":  (401, 403, 405, 405, 405, 405, 405, 405),
    "GET targets/":       (401, 403, 200, 200, 200, 200, 200, 200),
    "GET cases.csv":      (401, 403, 403, 403, 200, 200, 200, 200),
    "GET cases.zip":      (401, 403, 403, 403, 200, 200, 200, 200),
    "HEAD cases.csv":     (401, 403, 403, 403, 200, 200, 200, 200),
    "POST cases.zip":     (401, 403, 405, 405, 405, 405, 405, 405),
    "GET schema/":        (401, 403, 200, 200, 200, 200, 200, 200),
    "GET nowhere/":       (404, 403, 404, 404, 404, 404, 404, 404),
}  # fmt: skip

ROWS = [
    pytest.param(who, asked, status, id=f"{asked}-{who}")
    for asked, statuses in TABLE.items()
    for who, status in zip(CAST, statuses, strict=True)
]


@pytest.fixture
def paths(radiograph):
    covid = Target.objects.get(code="covid-19")
    prediction = Prediction.objects.create(radiograph=radiograph, target=covid)
    image = f"images/{radiograph.pk}/"
    return {
        "image": image,
        "picture": f"{image}picture/",
        "prediction": f"predictions/{prediction.pk}/",
    }


@pytest.mark.parametrize(("who", "asked", "status"), ROWS)
def test_status(who, asked, status, actor, paths):
    method, place = asked.split()
    body = json.dumps(TRUTH) if method == "PATCH" else None
    content_type = "application/json" if body else "multipart/form-data; boundary=x"

    response = actor(who).generic(
        method, f"/api/v1/{paths.get(place, place)}", body or "", content_type
    )

    assert response.status_code == status


@pytest.mark.parametrize("place", ["image", "picture", "prediction"])
def test_another_sites_object_looks_exactly_like_a_missing_one(place, stranger, paths, sign_in):
    missing = paths[place].replace(paths[place].split("/")[1], str(stranger.pk))

    theirs = sign_in(stranger).get(f"/api/v1/{paths[place]}")
    nothing = sign_in(stranger).get(f"/api/v1/{missing}")

    assert (theirs.status_code, theirs.json()) == (nothing.status_code, nothing.json())
    assert theirs.headers.items() == nothing.headers.items()


@pytest.mark.parametrize("place", ["image", "picture", "prediction"])
def test_unconfirmed_case_is_missing_for_researchers(place, paths, radiograph, researcher, sign_in):
    factories.state_truth(radiograph, "unknown")

    assert sign_in(researcher).get(f"/api/v1/{paths[place]}").status_code == 404


@pytest.mark.parametrize("who", ["stranger", "health_worker", "researcher"])
def test_refused_writers_change_nothing(who, actor, paths, radiograph):
    client, place = actor(who), f"/api/v1/{paths['image']}"

    client.patch(place, TRUTH, content_type="application/json")
    client.delete(place)

    now = Radiograph.objects.with_current_truths().get(pk=radiograph.pk)
    assert (now.status, [t.result for t in now.current_truths]) == ("kept", ["positive"])
