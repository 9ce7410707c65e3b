import pytest
from django.urls import reverse

from accounts import services
from accounts.errors import AccountError
from accounts.models import User
from accounts.roles import Role
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def change(client, person, role, site=""):
    return client.post(
        reverse("accounts:change_role", args=[person.pk]),
        {"role": role, "site": getattr(site, "pk", site)},
    )


def test_changes_the_role(sign_in, administrator, doctor, site):
    change(sign_in(administrator), doctor, "researcher", site)
    assert User.objects.get(pk=doctor.pk).role == "researcher"


def test_counts_from_the_next_page_on(sign_in, administrator, doctor, site):
    client = sign_in(doctor)
    assert client.get(reverse("accounts:people")).status_code == 403
    change(sign_in(administrator), doctor, "administrator", site)
    assert client.get(reverse("accounts:people")).status_code == 200


def test_moves_to_another_site(sign_in, administrator, doctor, other_site):
    change(sign_in(administrator), doctor, "doctor", other_site)
    assert User.objects.get(pk=doctor.pk).site == other_site


@pytest.mark.parametrize(
    ("role", "site_name"),
    [("administrator", None), ("doctor", "other_site"), ("administrator", "other_site")],
)
def test_site_administrator_stays_within_the_site(
    sign_in, request, site_administrator, doctor, role, site_name
):
    site = request.getfixturevalue(site_name) if site_name else ""
    assert change(sign_in(site_administrator), doctor, role, site).status_code == 400
    person = User.objects.get(pk=doctor.pk)
    assert (person.role, person.site_id) == ("doctor", site_administrator.site_id)


def test_site_administrator_may_name_another_one(sign_in, site_administrator, doctor, site):
    change(sign_in(site_administrator), doctor, "administrator", site)
    person = User.objects.get(pk=doctor.pk)
    assert (person.role, person.is_platform_wide) == ("administrator", False)


def test_nobody_changes_their_own_role(sign_in, administrator, site):
    UserFactory(role=Role.ADMINISTRATOR, site=None)
    assert change(sign_in(administrator), administrator, "doctor", site).status_code == 400
    assert User.objects.get(pk=administrator.pk).is_platform_wide


def test_who_waits_is_approved_instead(sign_in, administrator, pending, site):
    assert change(sign_in(administrator), pending, "doctor", site).status_code == 400
    assert User.objects.get(pk=pending.pk).role == ""


def test_another_administrator_of_the_platform_may_step_down(administrator, site):
    other = UserFactory(role=Role.ADMINISTRATOR, site=None)
    services.change_role(user=other, role=Role.DOCTOR, site=site, by=administrator)
    assert User.objects.get(pk=other.pk).role == "doctor"


def test_role_without_a_site_is_refused(administrator, doctor):
    with pytest.raises(AccountError, match="site-needed"):
        services.change_role(user=doctor, role=Role.RESEARCHER, site=None, by=administrator)
