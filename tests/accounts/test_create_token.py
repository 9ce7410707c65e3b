from datetime import timedelta

import pytest
from django.core import serializers
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from accounts.errors import AccountError
from accounts.models import ApiToken
from accounts.services import issue_token
from tests.accounts.helpers import reauthenticate
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

DATA = {"name": "notebook", "scope": "read", "days": "30"}


@pytest.fixture
def client_of_doctor(sign_in, doctor):
    client = sign_in(doctor)
    reauthenticate(client)
    return client


def create(client, **changes):
    return client.post(reverse("accounts:create_token"), DATA | changes)


def test_creates(client_of_doctor, doctor):
    create(client_of_doctor, scope="write")
    token = ApiToken.objects.get()
    assert (token.user, token.name, token.scope) == (doctor, "notebook", "write")


def test_lives_as_long_as_asked(client_of_doctor):
    create(client_of_doctor, days="30")
    left = ApiToken.objects.get().expiry - timezone.now()
    assert timedelta(days=29, hours=23) < left <= timedelta(days=30)


def test_secret_is_shown_once(client_of_doctor):
    secret = create(client_of_doctor).context["secret"]
    assert len(secret) == 64
    assert secret not in client_of_doctor.get(reverse("accounts:tokens")).content.decode()


def test_database_holds_the_digest_only(client_of_doctor):
    secret = create(client_of_doctor).context["secret"]
    assert secret not in serializers.serialize("json", ApiToken.objects.all())


def test_session_holds_no_secret(client_of_doctor):
    secret = create(client_of_doctor).context["secret"]
    assert secret not in str(dict(client_of_doctor.session))


def test_answer_is_not_cached(client_of_doctor):
    assert "no-store" in create(client_of_doctor)["Cache-Control"]


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "n" * 81},
        {"scope": "everything"},
        {"days": "0"},
        {"days": "366"},
        {"days": "-1"},
        {"days": "soon"},
        {"days": ""},
    ],
)
def test_refuses(client_of_doctor, changes):
    assert create(client_of_doctor, **changes).status_code == 400
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize("days", ["1", "365"])
def test_limits_are_allowed(client_of_doctor, days):
    assert create(client_of_doctor, days=days).status_code == 200


def test_twenty_are_enough(client_of_doctor, doctor):
    for _ in range(20):
        issue_token(user=doctor, name="n", scope="read", days=1)
    assert create(client_of_doctor).status_code == 400
    assert ApiToken.objects.count() == 20


def test_asks_for_the_password_and_then_goes_on(sign_in, doctor):
    """An open screen is not enough for a key that lives a year."""
    client = sign_in(doctor)
    asked = create(client)
    assert not ApiToken.objects.exists()
    response = client.post(asked.url, {"password": PASSWORD})
    assert response.context["secret"]
    assert ApiToken.objects.get().name == "notebook"


def test_service_refuses_who_waits(pending):
    with pytest.raises(PermissionDenied):
        issue_token(user=pending, name="n", scope="read", days=1)


@pytest.mark.parametrize("days", [0, 366])
def test_service_refuses_other_lives(doctor, days):
    with pytest.raises(ValueError, match="1 to 365"):
        issue_token(user=doctor, name="n", scope="read", days=days)


def test_service_names_the_reason(doctor):
    for _ in range(20):
        issue_token(user=doctor, name="n", scope="read", days=1)
    with pytest.raises(AccountError, match="too-many-tokens"):
        issue_token(user=doctor, name="n", scope="read", days=1)
