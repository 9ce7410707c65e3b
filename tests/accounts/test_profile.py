import pytest
from django.urls import reverse

from accounts.models import User

pytestmark = pytest.mark.django_db


def save(client, **changes):
    data = {"full_name": "Diego D. Doctor", "language": "en"} | changes
    return client.post(reverse("accounts:profile"), data)


def test_saves_name_and_language(sign_in, doctor):
    save(sign_in(doctor))
    person = User.objects.get(pk=doctor.pk)
    assert (person.full_name, person.language) == ("Diego D. Doctor", "en")


def test_speaks_the_language_at_once(sign_in, doctor):
    client = sign_in(doctor)
    save(client)
    page = client.get(reverse("accounts:profile")).content.decode()
    assert '<html lang="en"' in page


@pytest.mark.parametrize("changes", [{"full_name": ""}, {"full_name": "a@b"}, {"language": "xx"}])
def test_refuses(sign_in, doctor, changes):
    assert save(sign_in(doctor), **changes).status_code == 400
    assert User.objects.get(pk=doctor.pk).full_name == doctor.full_name


def test_nothing_else_can_be_slipped_in(sign_in, doctor, other_site):
    save(sign_in(doctor), role="administrator", site=str(other_site.pk), email="x@example.org")
    person = User.objects.get(pk=doctor.pk)
    assert (person.role, person.site_id, person.email) == ("doctor", doctor.site_id, doctor.email)


@pytest.mark.parametrize(
    "name",
    ["account_email", "account_change_password", "mfa_index", "usersessions_list",
     "accounts:tokens"],
)  # fmt: skip
def test_leads_to_the_rest_of_the_account(sign_in, doctor, name):
    page = sign_in(doctor).get(reverse("accounts:profile")).content.decode()
    assert f'href="{reverse(name)}"' in page
