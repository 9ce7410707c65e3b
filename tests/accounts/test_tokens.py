import pytest
from django.urls import reverse

from accounts.services import issue_token

pytestmark = pytest.mark.django_db


def listed(client):
    return [token.name for token in client.get(reverse("accounts:tokens")).context["tokens"]]


def test_shows_the_own_ones_only(sign_in, doctor, health_worker):
    issue_token(user=doctor, name="mine", scope="read", days=1)
    issue_token(user=health_worker, name="theirs", scope="read", days=1)
    assert listed(sign_in(doctor)) == ["mine"]


def test_never_shows_a_secret_again(sign_in, doctor):
    _, secret = issue_token(user=doctor, name="mine", scope="read", days=1)
    assert secret not in sign_in(doctor).get(reverse("accounts:tokens")).content.decode()


def test_is_not_cached(sign_in, doctor):
    assert "no-store" in sign_in(doctor).get(reverse("accounts:tokens"))["Cache-Control"]
