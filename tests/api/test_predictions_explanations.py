"""/api/v1/predictions/{prediction}/explanations/: list, ask, one, its picture."""

import io
import json

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.test import Client
from PIL import Image

from core.jobs import JobStatus
from images.models import Radiograph, Target
from images.services import trash
from inference.ml.explain import overlay_png
from inference.models import DeployedModel, Explanation, Prediction
from tests import factories

CAST = [
    "anonymous", "pending", "stranger", "health_worker", "doctor", "researcher",
    "site_administrator", "administrator",
]  # fmt: skip
#                         anon pend stra heal doct rese site admi
TABLE = {
    "GET list":           (401, 403, 404, 200, 200, 200, 200, 200),
    "POST list":          (401, 403, 404, 202, 202, 202, 202, 202),
    "DELETE list":        (401, 403, 405, 405, 405, 405, 405, 405),
    "GET one":            (401, 403, 404, 200, 200, 200, 200, 200),
    "PATCH one":          (401, 403, 405, 405, 405, 405, 405, 405),
    "DELETE one":         (401, 403, 405, 405, 405, 405, 405, 405),
    "GET overlay":        (401, 403, 404, 200, 200, 200, 200, 200),
    "POST overlay":       (401, 403, 405, 405, 405, 405, 405, 405),
}  # fmt: skip
ROWS = [
    pytest.param(who, asked, status, id=f"{asked}-{who}")
    for asked, statuses in TABLE.items()
    for who, status in zip(CAST, statuses, strict=True)
]


@pytest.fixture
def prediction(radiograph) -> Prediction:
    target = Target.objects.get(code="covid-19")
    model = DeployedModel.objects.create(target=target, version="c-1", threshold=0.4)
    return predict(radiograph, model)


def predict(radiograph: Radiograph, model: DeployedModel) -> Prediction:
    return Prediction.objects.create(
        radiograph=radiograph, target=model.target, model=model, status=JobStatus.DONE,
        predicted_class=model.target.positive_class, probability=0.9,
    )  # fmt: skip


@pytest.fixture
def drawn(prediction) -> Explanation:
    picture = ContentFile(overlay_png(np.eye(7, dtype=np.float32)), name="map.png")
    return Explanation.objects.create(
        prediction=prediction, method="fast-cam", status=JobStatus.DONE, overlay=picture,
        method_version="1", milliseconds=9,
    )  # fmt: skip


def place_of(prediction, explanation=None, picture=False) -> str:
    address = f"/api/v1/predictions/{prediction.pk}/explanations/"
    if explanation is not None:
        address += f"{explanation.pk}/"
    return address + ("overlay/" if picture else "")


def ask(client, prediction, method="grad-cam"):
    body = json.dumps({"method": method})
    return client.post(place_of(prediction), body, "application/json")


@pytest.mark.parametrize(("who", "asked", "status"), ROWS)
def test_status(who, asked, status, actor, prediction, drawn):
    method, place = asked.split()
    address = place_of(
        prediction, drawn if place in ("one", "overlay") else None, place == "overlay"
    )
    body = json.dumps({"method": "grad-cam"}) if method in ("POST", "PATCH") else ""
    response = actor(who).generic(method, address, body, "application/json")
    assert response.status_code == status


@pytest.mark.parametrize("picture", [False, True])
def test_another_sites_map_looks_exactly_like_a_missing_one(stranger, sign_in, drawn, picture):
    client = sign_in(stranger)
    theirs = client.get(place_of(drawn.prediction, drawn, picture))
    nothing = client.get(place_of(drawn.prediction, stranger, picture))
    assert (theirs.status_code, theirs.json()) == (nothing.status_code, nothing.json())
    assert theirs.headers.items() == nothing.headers.items()


def test_a_map_in_full(sign_in, doctor, drawn):
    row = sign_in(doctor).get(place_of(drawn.prediction, drawn)).json()
    own = place_of(drawn.prediction, drawn).removesuffix("/")
    assert {row.pop("created_at") is None, row.pop("finished_at") is None} == {False, True}
    assert row == {
        "id": str(drawn.pk), "url": f"http://testserver{own}",
        "prediction": str(drawn.prediction_id), "method": "fast-cam", "method_version": "1",
        "status": "done", "label": "covid-19", "model": "c-1", "is_empty": False,
        "overlay": f"http://testserver{own}/overlay", "error": None, "milliseconds": 9,
    }  # fmt: skip


def test_asking_tells_where_to_look(sign_in, doctor, prediction):
    client = sign_in(doctor)
    response = ask(client, prediction)
    row = response.json()
    assert (response.status_code, row["status"], row["overlay"]) == (202, "queued", None)
    assert response["Location"] == row["url"]
    assert client.get(row["url"]).json() == row


def test_asking_again_while_it_is_drawn_makes_no_second(sign_in, doctor, prediction):
    client = sign_in(doctor)
    first, second = ask(client, prediction), ask(client, prediction)
    assert (second.status_code, second.json()["id"]) == (202, first.json()["id"])


def test_what_is_drawn_already_is_answered_at_once(sign_in, doctor, prediction, drawn):
    response = ask(sign_in(doctor), prediction, "fast-cam")
    assert (response.status_code, response.json()["id"]) == (200, str(drawn.pk))


@pytest.mark.parametrize("body", ["{}", '{"method": "magic"}', '{"method": null}', "[]"])
def test_an_unknown_method_is_named(sign_in, doctor, prediction, body):
    response = sign_in(doctor).post(place_of(prediction), body, "application/json")
    assert (response.status_code, response.json()["code"]) == (400, "invalid")
    assert not Explanation.objects.exists()


def test_without_a_result_there_is_nothing_to_explain(sign_in, doctor, prediction):
    Prediction.objects.filter(pk=prediction.pk).update(status=JobStatus.FAILED)
    response = ask(sign_in(doctor), prediction)
    assert (response.status_code, list(response.json()["errors"])) == (400, ["prediction"])


def test_a_failed_map_says_why(sign_in, doctor, drawn):
    Explanation.objects.update(status=JobStatus.FAILED, error_code="model-refused")
    error = sign_in(doctor).get(place_of(drawn.prediction, drawn)).json()["error"]
    assert error["code"] == "model-refused"
    assert len(error["sentence"]) > 20


def test_an_empty_map_is_done_without_a_picture(sign_in, doctor, drawn):
    Explanation.objects.update(overlay="")
    client = sign_in(doctor)
    row = client.get(place_of(drawn.prediction, drawn)).json()
    assert (row["status"], row["is_empty"], row["overlay"]) == ("done", True, None)
    assert client.get(place_of(drawn.prediction, drawn, picture=True)).status_code == 404


def test_the_list_has_the_maps_of_this_prediction_alone(sign_in, doctor, site, drawn):
    other = factories.make_radiograph(site=site, uploader=doctor, seed=9)
    theirs = predict(other, drawn.prediction.model)
    Explanation.objects.create(prediction=theirs, method="grad-cam")
    rows = sign_in(doctor).get(place_of(drawn.prediction)).json()
    assert [row["id"] for row in rows] == [str(drawn.pk)]


def test_a_map_is_found_below_its_own_prediction_alone(sign_in, doctor, site, drawn):
    other = factories.make_radiograph(site=site, uploader=doctor, seed=9)
    theirs = predict(other, drawn.prediction.model)
    assert sign_in(doctor).get(place_of(theirs, drawn)).status_code == 404


def test_the_picture_is_a_private_png(bearer, doctor, drawn):
    response = bearer(doctor, "read").get(place_of(drawn.prediction, drawn, picture=True))
    assert response["Cache-Control"] == "private, no-store"
    picture = Image.open(io.BytesIO(b"".join(response.streaming_content)))
    assert (response["Content-Type"], picture.format) == ("image/png", "PNG")


def test_a_known_picture_is_not_sent_again(sign_in, doctor, drawn):
    client, address = sign_in(doctor), place_of(drawn.prediction, drawn, picture=True)
    etag = client.get(address)["ETag"]
    assert client.get(address, headers={"if-none-match": etag}).status_code == 304


def test_a_token_that_reads_may_not_ask(bearer, doctor, prediction):
    assert ask(bearer(doctor, "read"), prediction).status_code == 403
    assert ask(bearer(doctor, "write"), prediction).status_code == 202


def test_maps_of_the_trash_are_not_shown(sign_in, doctor, drawn):
    trash(radiograph=drawn.prediction.radiograph, by=doctor)
    client = sign_in(doctor)
    for address in (place_of(drawn.prediction), place_of(drawn.prediction, drawn, picture=True)):
        assert client.get(address).status_code == 404
    assert ask(client, drawn.prediction).status_code == 404


def test_unconfirmed_cases_are_missing_for_researchers(sign_in, researcher, drawn):
    factories.state_truth(drawn.prediction.radiograph, "unknown")
    client = sign_in(researcher)
    assert client.get(place_of(drawn.prediction)).status_code == 404
    assert ask(client, drawn.prediction).status_code == 404


@pytest.mark.parametrize("key", ["x", "-" * 36, "00000000-0000-4000-8000-000000000000"])
def test_what_is_no_prediction_is_not_found(sign_in, doctor, key):
    address = f"/api/v1/predictions/{key}/explanations/"
    assert sign_in(doctor).get(address).status_code == 404


def test_a_foreign_page_cannot_ask(doctor, prediction):
    client = Client(enforce_csrf_checks=True)
    client.force_login(doctor, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert ask(client, prediction).status_code == 403
    assert not Explanation.objects.exists()
