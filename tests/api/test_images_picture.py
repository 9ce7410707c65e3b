"""GET /api/v1/images/{id}/picture"""

import io

import numpy as np
import pytest
from PIL import Image

from tests import factories


def url_of(radiograph) -> str:
    return f"/api/v1/images/{radiograph.pk}/picture"


def test_pixels_as_they_were_sent(radiograph, doctor, sign_in):
    response = sign_in(doctor).get(url_of(radiograph))

    pixels = np.asarray(Image.open(io.BytesIO(b"".join(response))))
    assert np.array_equal(pixels, factories.chest_array(0))


def test_headers(radiograph, doctor, sign_in):
    response = sign_in(doctor).get(url_of(radiograph))
    response.close()

    assert response["Content-Type"] == "image/png"
    assert response["Content-Length"] == str(radiograph.file.size)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-store"
    assert "SECRET" not in str(response.headers)


@pytest.mark.parametrize("accept", ["image/png", "image/*", "text/html", "*/*"])
def test_whatever_the_client_accepts(accept, radiograph, doctor, sign_in):
    response = sign_in(doctor).get(url_of(radiograph), headers={"accept": accept})
    response.close()

    assert response.status_code == 200


def test_missing_file_is_a_missing_picture(radiograph, doctor, sign_in):
    radiograph.file.storage.delete(radiograph.file.name)

    response = sign_in(doctor).get(url_of(radiograph), headers={"accept": "image/png"})

    assert (response.status_code, response.json()["code"]) == (404, "not-found")
