import pytest
from django.urls import reverse

from accounts.models import ApiToken
from accounts.services import issue_token

pytestmark = pytest.mark.django_db


def revoke(client, token):
    return client.post(reverse("accounts:revoke_token"), {"token": token})


def test_revokes(sign_in, doctor):
    token, _ = issue_token(user=doctor, name="n", scope="read", days=1)
    revoke(sign_in(doctor), token.pk)
    assert not ApiToken.objects.exists()


def test_another_persons_token_is_missing(sign_in, doctor, health_worker):
    token, _ = issue_token(user=health_worker, name="n", scope="read", days=1)
    assert revoke(sign_in(doctor), token.pk).status_code == 404
    assert ApiToken.objects.exists()


@pytest.mark.parametrize("token", ["", "nonsense"])
def test_unknown_token_is_missing(sign_in, doctor, token):
    assert revoke(sign_in(doctor), token).status_code == 404


def test_needs_a_post(sign_in, doctor):
    assert sign_in(doctor).get(reverse("accounts:revoke_token")).status_code == 405
