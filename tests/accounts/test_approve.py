import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from accounts import services
from accounts.errors import AccountError
from accounts.models import User
from accounts.roles import Role
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def approve(client, person, role="doctor", site=""):
    return client.post(
        reverse("accounts:approve", args=[person.pk]),
        {"role": role, "site": getattr(site, "pk", site)},
    )


def test_gives_role_and_site(sign_in, administrator, pending, site):
    assert approve(sign_in(administrator), pending, "researcher", site).status_code == 302
    person = User.objects.get(pk=pending.pk)
    assert (person.role, person.site, person.approved_by) == ("researcher", site, administrator)
    assert person.approved_at is not None


def test_opens_the_door(sign_in, administrator, pending, site):
    waiting = sign_in(pending)
    approve(sign_in(administrator), pending, "doctor", site)
    assert waiting.get(reverse("accounts:tokens")).status_code == 200


def test_administrator_of_the_site_may(sign_in, site_administrator, pending, site):
    approve(sign_in(site_administrator), pending, "doctor", site)
    assert User.objects.get(pk=pending.pk).site == site


def test_person_gets_a_mail(
    sign_in, administrator, pending, site, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        approve(sign_in(administrator), pending, "doctor", site)
    assert [message.to for message in mail.outbox] == [[pending.email]]


@pytest.mark.parametrize(
    ("who", "role", "site_name"),
    [
        ("administrator", "doctor", None),
        ("administrator", "emperor", "site"),
        ("administrator", "", "site"),
        ("site_administrator", "doctor", "other_site"),
        ("site_administrator", "doctor", None),
        ("site_administrator", "administrator", None),
        ("site_administrator", "administrator", "other_site"),
    ],
)
def test_refuses_a_grant_out_of_reach(actor, request, pending, who, role, site_name):
    site = request.getfixturevalue(site_name) if site_name else ""
    assert approve(actor(who), pending, role, site).status_code == 400
    assert User.objects.get(pk=pending.pk).role == ""


def test_service_holds_the_same_rules(site_administrator, pending, other_site):
    """A form of ours is not the only caller."""
    with pytest.raises(AccountError, match="other-site"):
        services.approve(user=pending, role=Role.DOCTOR, site=other_site, by=site_administrator)
    with pytest.raises(AccountError, match="other-site"):
        services.approve(user=pending, role=Role.ADMINISTRATOR, site=None, by=site_administrator)


def test_platform_wide_administrator_by_a_platform_wide_one(sign_in, administrator, pending):
    approve(sign_in(administrator), pending, "administrator")
    assert User.objects.get(pk=pending.pk).is_platform_wide


def test_twice_is_once(sign_in, administrator, pending, site):
    client = sign_in(administrator)
    approve(client, pending, "doctor", site)
    assert approve(client, pending, "researcher", site).status_code == 400
    assert User.objects.get(pk=pending.pk).role == "doctor"


def test_unproven_address_is_not_approved(sign_in, administrator, site):
    person = UserFactory(role="", site=None, requested_site=site, verified=False)
    assert approve(sign_in(administrator), person, "doctor", site).status_code == 400
    assert User.objects.get(pk=person.pk).role == ""


def test_nobody_approves_themselves(pending, site):
    """Not even with a service call: a waiting person administers nothing."""
    with pytest.raises(PermissionDenied):
        services.approve(user=pending, role=Role.DOCTOR, site=site, by=pending)


def test_an_administrator_who_lost_the_role_meanwhile(administrator, pending, site):
    UserFactory(role=Role.ADMINISTRATOR, site=None)
    User.objects.filter(pk=administrator.pk).update(is_active=False)
    with pytest.raises(PermissionDenied):
        services.approve(user=pending, role=Role.DOCTOR, site=site, by=administrator)


def test_a_failing_mail_server_undoes_nothing(
    sign_in, administrator, pending, site, settings, django_capture_on_commit_callbacks
):
    settings.EMAIL_BACKEND = "tests.accounts.broken_mail.Backend"
    with django_capture_on_commit_callbacks(execute=True):
        approve(sign_in(administrator), pending, "doctor", site)
    assert User.objects.get(pk=pending.pk).role == "doctor"
