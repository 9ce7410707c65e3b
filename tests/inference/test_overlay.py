"""The picture of a heat map: as private as the radiograph that it is laid over."""

import io

import pytest
from django.urls import reverse
from PIL import Image

from core.jobs import JobStatus
from images.services import trash
from inference.models import Explanation
from tests.factories import state_truth

CAST = [
    "anonymous", "pending", "stranger", "health_worker", "doctor", "researcher",
    "site_administrator", "administrator",
]  # fmt: skip
#                         anon pend stra heal doct rese site admi
TABLE = {
    "not confirmed":      (302, 302, 404, 200, 200, 404, 200, 200),
    "confirmed":          (302, 302, 404, 200, 200, 200, 200, 200),
    "in the trash":       (302, 302, 404, 200, 200, 404, 200, 200),
    "nowhere":            (302, 302, 404, 404, 404, 404, 404, 404),
}  # fmt: skip
ROWS = [
    pytest.param(state, who, status, id=f"{state}-{who}")
    for state, statuses in TABLE.items()
    for who, status in zip(CAST, statuses, strict=True)
]


@pytest.fixture
def explanation(radiograph, paper_model, predicted, drawn) -> Explanation:
    return drawn(predicted(radiograph, 0.9, paper_model))


def get(client, explanation, **headers):
    return client.get(reverse("inference:overlay", args=[explanation.pk]), headers=headers)


@pytest.mark.parametrize(("state", "who", "status"), ROWS)
def test_who_gets_it(actor, explanation, doctor, state, who, status):
    radiograph = explanation.prediction.radiograph
    if state != "not confirmed":
        state_truth(radiograph, "positive")
    if state == "in the trash":
        trash(radiograph=radiograph, by=doctor)
    if state == "nowhere":
        explanation.delete()
        explanation.pk = radiograph.pk
    assert get(actor(who), explanation).status_code == status


def test_it_is_the_stored_picture(actor, explanation):
    response = get(actor("doctor"), explanation)
    picture = Image.open(io.BytesIO(b"".join(response.streaming_content)))
    assert (response["Content-Type"], picture.size) == ("image/png", (448, 448))


def test_no_cache_keeps_it(actor, explanation):
    response = get(actor("doctor"), explanation)
    assert response["Cache-Control"] == "private, no-store"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"


def test_the_name_tells_nothing(actor, explanation):
    response = get(actor("doctor"), explanation)
    assert response["Content-Disposition"] == f'inline; filename="{explanation.pk}.png"'


def test_the_same_picture_is_not_sent_twice(actor, explanation):
    client = actor("doctor")
    again = get(client, explanation, if_none_match=get(client, explanation)["ETag"])
    assert (again.status_code, again["Cache-Control"]) == (304, "private, no-store")


def test_a_known_etag_opens_nothing_to_a_stranger(actor, explanation):
    etag = get(actor("doctor"), explanation)["ETag"]
    assert get(actor("stranger"), explanation, if_none_match=etag).status_code == 404


@pytest.mark.parametrize("status", [JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.FAILED])
def test_what_is_not_done_has_no_picture(actor, explanation, status):
    Explanation.objects.update(status=status)
    assert get(actor("doctor"), explanation).status_code == 404


def test_an_empty_map_has_no_picture(actor, explanation):
    Explanation.objects.update(overlay="")
    assert get(actor("doctor"), explanation).status_code == 404


def test_a_lost_file_is_a_404_and_not_a_crash(actor, explanation):
    explanation.overlay.storage.delete(explanation.overlay.name)
    assert get(actor("doctor"), explanation).status_code == 404


def test_nothing_is_written_through_it(actor, explanation):
    url = reverse("inference:overlay", args=[explanation.pk])
    assert actor("doctor").post(url).status_code == 405
