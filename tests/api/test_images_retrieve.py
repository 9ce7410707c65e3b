"""GET /api/v1/images/{id}/"""

import pytest

from images.pseudonyms import pseudonym
from images.services import trash


def url_of(radiograph) -> str:
    return f"/api/v1/images/{radiograph.pk}/"


def test_the_same_as_in_the_list_and_the_history(radiograph, doctor, sign_in):
    client = sign_in(doctor)

    listed = client.get("/api/v1/images/").json()["results"]
    one = client.get(url_of(radiograph)).json()
    assert [one] == [each | {"history": one["history"]} for each in listed]


def test_researchers_get_a_pseudonym(radiograph, researcher, sign_in):
    row = sign_in(researcher).get(url_of(radiograph)).json()

    assert (row["patient_code"], row["uploader"]) == (pseudonym(radiograph.patient), None)


@pytest.mark.parametrize(("key", "stays"), [("IDENTITY_KEY", False), ("SECRET_KEY", True)])
def test_pseudonym_hangs_on_the_identity_key_alone(radiograph, settings, key, stays):
    before = pseudonym(radiograph.patient)
    setattr(settings, key, "another key")

    assert (pseudonym(radiograph.patient) == before) is stays


def test_trashed_one_is_missing(radiograph, doctor, sign_in):
    trash(radiograph=radiograph, by=doctor)

    assert sign_in(doctor).get(url_of(radiograph)).status_code == 404


@pytest.mark.parametrize("key", ["1", "x", "%00", "0" * 32, "../targets"])
def test_keys_that_are_none(key, doctor, sign_in):
    assert sign_in(doctor).get(f"/api/v1/images/{key}/").status_code == 404
