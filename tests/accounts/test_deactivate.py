import json
import os
import subprocess
import sys

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from accounts import services
from accounts.errors import AccountError
from accounts.models import ApiToken, User
from accounts.roles import Role
from accounts.services.rules import check_not_last
from tests.accounts.helpers import is_signed_in, signed_in_by_password
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def deactivate(client, person):
    return client.post(reverse("accounts:deactivate", args=[person.pk]))


def test_closes_the_account(sign_in, administrator, doctor):
    deactivate(sign_in(administrator), doctor)
    assert not User.objects.get(pk=doctor.pk).is_active


def test_ends_every_session_at_once(sign_in, administrator, doctor):
    browsers = [signed_in_by_password(doctor), signed_in_by_password(doctor)]
    keys = [browser.session.session_key for browser in browsers]
    deactivate(sign_in(administrator), doctor)
    assert [is_signed_in(browser) for browser in browsers] == [False, False]
    assert not Session.objects.filter(pk__in=keys).exists()
    assert not UserSession.objects.filter(user=doctor).exists()


def test_leaves_the_sessions_of_others(sign_in, administrator, doctor, health_worker):
    browser = signed_in_by_password(health_worker)
    deactivate(sign_in(administrator), doctor)
    assert is_signed_in(browser)


def test_deletes_every_token(sign_in, administrator, doctor, health_worker):
    for person in (doctor, health_worker):
        services.issue_token(user=person, name="n", scope="read", days=1)
    deactivate(sign_in(administrator), doctor)
    assert [token.user for token in ApiToken.objects.all()] == [health_worker]


def test_keeps_role_and_site_for_a_return(sign_in, administrator, doctor, site):
    deactivate(sign_in(administrator), doctor)
    person = User.objects.get(pk=doctor.pk)
    assert (person.role, person.site) == ("doctor", site)


def test_administrator_of_the_site_may(sign_in, site_administrator, doctor):
    deactivate(sign_in(site_administrator), doctor)
    assert not User.objects.get(pk=doctor.pk).is_active


@pytest.mark.parametrize("who", ["administrator", "site_administrator"])
def test_nobody_closes_their_own_account(actor, request, who):
    person = request.getfixturevalue(who)
    UserFactory(role=Role.ADMINISTRATOR, site=None)
    assert deactivate(actor(who), person).status_code == 400
    assert User.objects.get(pk=person.pk).is_active


def test_another_administrator_of_the_platform_may_go(sign_in, administrator):
    other = UserFactory(role=Role.ADMINISTRATOR, site=None)
    deactivate(sign_in(administrator), other)
    assert not User.objects.get(pk=other.pk).is_active


def test_an_administrator_removed_a_moment_ago_removes_nobody(administrator):
    other = UserFactory(role=Role.ADMINISTRATOR, site=None)
    services.deactivate(user=other, by=administrator)
    with pytest.raises(PermissionDenied):  # `other` still believes to be one
        services.deactivate(user=administrator, by=other)


def at_once(**environment):
    command = [sys.executable, "-m", "tests.accounts.two_administrators"]
    done = subprocess.run(
        command,
        env=os.environ | environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        check=True,
        timeout=120,
    )
    return json.loads(done.stdout.splitlines()[-1])


ONE_STAYS = {"told": ["PermissionDenied", "done"], "left": 1}


@pytest.mark.slow
def test_two_remove_each_other_at_once_on_sqlite(data_folder):
    assert at_once(DATA_DIR=str(data_folder)) == ONE_STAYS


@pytest.mark.slow
@pytest.mark.postgres
def test_two_remove_each_other_at_once_on_postgres(tmp_path, postgres_database):
    assert at_once(DATA_DIR=str(tmp_path), DATABASE_URL=postgres_database) == ONE_STAYS


def test_the_last_administrator_stays(administrator):
    with pytest.raises(AccountError, match="last-administrator"):
        check_not_last(administrator)


def test_a_site_administrator_does_not_count_as_one(administrator, site_administrator):
    with pytest.raises(AccountError, match="last-administrator"):
        check_not_last(administrator)
    check_not_last(site_administrator)
