from datetime import timedelta

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.urls import reverse
from django.utils import timezone

from tests.accounts.helpers import is_signed_in, signed_in_by_password

pytestmark = pytest.mark.django_db


def test_lists_each_browser(doctor):
    here = signed_in_by_password(doctor)
    signed_in_by_password(doctor)
    assert here.get(reverse("usersessions_list")).context["session_count"] == 2


def test_shows_nobody_elses(doctor, health_worker):
    here = signed_in_by_password(doctor)
    signed_in_by_password(health_worker)
    assert here.get(reverse("usersessions_list")).context["session_count"] == 1


def test_ending_the_others_signs_them_out(doctor):
    here, elsewhere = signed_in_by_password(doctor), signed_in_by_password(doctor)
    here.post(reverse("usersessions_list"))
    assert (is_signed_in(here), is_signed_in(elsewhere)) == (True, False)


def test_anonymous_is_sent_to_sign_in(anonymous):
    assert anonymous.get(reverse("usersessions_list")).url.startswith(reverse("account_login"))


def test_activity_is_noted(doctor):
    here = signed_in_by_password(doctor)
    later = timezone.now() + timedelta(minutes=5)
    with time_machine.travel(later, tick=False):
        here.get(reverse("accounts:profile"))
    assert abs((UserSession.objects.get().last_seen_at - later).total_seconds()) < 1


def test_activity_is_not_written_with_every_request(doctor):
    here = signed_in_by_password(doctor)
    before = UserSession.objects.get().last_seen_at
    here.get(reverse("accounts:profile"))
    assert UserSession.objects.get().last_seen_at == before


def test_a_moved_session_is_noted_at_once(doctor):
    here = signed_in_by_password(doctor)
    here.get(reverse("accounts:profile"), REMOTE_ADDR="192.0.2.7")
    assert UserSession.objects.get().ip == "192.0.2.7"
