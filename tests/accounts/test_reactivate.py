import pytest
from django.urls import reverse

from accounts.models import User

pytestmark = pytest.mark.django_db


def reactivate(client, person):
    return client.post(reverse("accounts:reactivate", args=[person.pk]))


def test_role_and_site_are_back(sign_in, administrator, doctor, site):
    User.objects.filter(pk=doctor.pk).update(is_active=False)
    reactivate(sign_in(administrator), doctor)
    person = User.objects.get(pk=doctor.pk)
    assert (person.is_approved, person.role, person.site) == (True, "doctor", site)


def test_a_refused_request_waits_again(sign_in, administrator, pending):
    User.objects.filter(pk=pending.pk).update(is_active=False)
    reactivate(sign_in(administrator), pending)
    assert User.objects.get(pk=pending.pk).is_pending


def test_an_open_account_is_left_alone(sign_in, administrator, doctor):
    assert reactivate(sign_in(administrator), doctor).status_code == 400
