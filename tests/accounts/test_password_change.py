import pytest
from django.core import mail
from django.urls import reverse

from accounts.models import ApiToken, User
from accounts.services import issue_token
from tests.accounts.helpers import NEW_PASSWORD, is_signed_in, signed_in_by_password
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db


def change(client, old=PASSWORD, new=NEW_PASSWORD):
    return client.post(
        reverse("account_change_password"),
        {"oldpassword": old, "password1": new, "password2": new},
    )


@pytest.fixture
def newcomer(administrator):
    """An administrator with a one-time password."""
    administrator.must_change_password = True
    administrator.save()
    return administrator


def test_changes_the_password(sign_in, doctor):
    change(sign_in(doctor))
    assert User.objects.get(pk=doctor.pk).check_password(NEW_PASSWORD)


def test_needs_the_old_one(sign_in, doctor):
    change(sign_in(doctor), old="not-the-old-one")
    assert User.objects.get(pk=doctor.pk).check_password(PASSWORD)


def test_goes_on_here_and_ends_elsewhere(doctor):
    here, elsewhere = signed_in_by_password(doctor), signed_in_by_password(doctor)
    change(here)
    assert (is_signed_in(here), is_signed_in(elsewhere)) == (True, False)


def test_person_is_told(sign_in, doctor):
    change(sign_in(doctor))
    assert [message.to for message in mail.outbox] == [[doctor.email]]


def test_one_time_password_leads_to_the_change(newcomer, anonymous):
    response = anonymous.post(
        reverse("account_login"), {"login": newcomer.email, "password": PASSWORD}
    )
    assert response.url == reverse("account_change_password")


@pytest.mark.parametrize(
    "name", ["home", "accounts:people", "accounts:profile", "accounts:tokens", "news:list"]
)
def test_one_time_password_opens_nothing_else(sign_in, newcomer, name):
    assert sign_in(newcomer).get(reverse(name)).url == reverse("account_change_password")


def test_one_time_password_opens_no_api(sign_in, newcomer):
    response = sign_in(newcomer).get("/api/v1/images/")
    assert response.status_code == 403
    assert response.json()["code"] == "password-change-needed"


def test_changed_one_time_password_opens_the_door(sign_in, newcomer):
    client = sign_in(newcomer)
    assert change(client).url == reverse("home")
    assert client.get(reverse("accounts:people")).status_code == 200


def test_one_time_password_cannot_be_kept(sign_in, newcomer):
    change(sign_in(newcomer), new=PASSWORD)
    assert User.objects.get(pk=newcomer.pk).must_change_password


def test_person_with_a_one_time_password_can_leave(sign_in, newcomer):
    client = sign_in(newcomer)
    client.post(reverse("account_logout"))
    assert "_auth_user_id" not in client.session


def test_ends_every_api_token_of_the_person(sign_in, doctor, health_worker):
    for person in (doctor, health_worker):
        issue_token(user=person, name="n", scope="write", days=1)
    change(sign_in(doctor))
    assert [token.user for token in ApiToken.objects.all()] == [health_worker]


def test_refused_change_keeps_the_tokens(sign_in, doctor):
    issue_token(user=doctor, name="n", scope="write", days=1)
    change(sign_in(doctor), old="not-the-old-one")
    assert ApiToken.objects.count() == 1
