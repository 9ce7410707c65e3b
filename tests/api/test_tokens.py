"""Bearer tokens at the door of the API."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import ApiToken

IMAGES = "/api/v1/images/"


def test_token_opens_what_its_owner_may_see(radiograph, doctor, bearer):
    assert len(bearer(doctor).get(IMAGES).json()["results"]) == 1


def test_expired_token(doctor, bearer):
    client = bearer(doctor)

    with time_machine.travel(timezone.now() + timedelta(days=1, seconds=1), tick=False):
        response = client.get(IMAGES)

    assert (response.status_code, response.json()["code"]) == (401, "authentication-failed")
    assert response["WWW-Authenticate"] == "Bearer"


def test_revoked_token(doctor, bearer):
    client = bearer(doctor)
    ApiToken.objects.all().delete()

    assert client.get(IMAGES).status_code == 401


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer x", "Bearer x y", "Bearer ñ"])
def test_invented_token(header, db, client):
    response = client.get(IMAGES, headers={"authorization": header})

    assert (response.status_code, response.json()["code"]) == (401, "authentication-failed")


def test_token_of_a_closed_account(doctor, bearer):
    client = bearer(doctor)
    doctor.is_active = False
    doctor.save()

    assert client.get(IMAGES).status_code == 401


def test_token_of_somebody_not_approved(pending, bearer):
    assert bearer(pending).get(IMAGES).status_code == 403


@pytest.mark.parametrize("method", ["post", "patch", "delete"])
def test_scope_read_never_writes(method, radiograph, doctor, bearer):
    place = IMAGES if method == "post" else f"{IMAGES}{radiograph.pk}/"

    response = getattr(bearer(doctor, scope="read"), method)(place)

    assert (response.status_code, response.json()["code"]) == (403, "permission-denied")


@pytest.mark.parametrize("place", ["images/", "predictions/", "targets/", "cases.csv", "schema/"])
def test_scope_read_reads(place, doctor, bearer):
    assert bearer(doctor, scope="read").get(f"/api/v1/{place}").status_code == 200


def test_write_by_token_needs_no_csrf(radiograph, doctor, token):
    client = Client(enforce_csrf_checks=True, headers={"authorization": f"Bearer {token(doctor)}"})

    assert client.delete(f"{IMAGES}{radiograph.pk}/").status_code == 204
