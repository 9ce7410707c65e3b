import uuid

import pytest
from django.urls import reverse

from news.models import ContactMessage
from news.services import mark_answered
from tests.news.factories import MessageFactory

pytestmark = pytest.mark.django_db


def answer(client, pk):
    return client.post(reverse("news:answered", args=[pk]))


def test_notes_who_and_when(sign_in, administrator):
    message = MessageFactory()
    answer(sign_in(administrator), message.pk)
    message.refresh_from_db()
    assert message.answered_by == administrator
    assert message.answered_at is not None


def test_the_first_one_counts(administrator, site_administrator):
    message = MessageFactory()
    assert mark_answered(message=message, by=administrator)
    assert not mark_answered(message=message, by=site_administrator)
    assert ContactMessage.objects.get().answered_by == administrator


def test_missing_message(sign_in, administrator):
    assert answer(sign_in(administrator), uuid.uuid4()).status_code == 404


def test_needs_a_post(sign_in, administrator):
    address = reverse("news:answered", args=[MessageFactory().pk])
    assert sign_in(administrator).get(address).status_code == 405


def test_message_out_of_reach_looks_missing(sign_in, site_administrator, stranger):
    message = MessageFactory(sender=stranger)
    assert answer(sign_in(site_administrator), message.pk).status_code == 404
