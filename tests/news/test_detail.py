import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.news.factories import PostFactory

pytestmark = pytest.mark.django_db


def read(client, post, language="en"):
    address = reverse("news:detail", args=[post.pk])
    return client.get(address, headers={"accept-language": language})


def test_shows_the_text_as_html(anonymous):
    page = read(anonymous, PostFactory(body_en="a **bold** word")).content.decode()
    assert "<strong>bold</strong>" in page


@pytest.mark.parametrize("when", [None, timezone.now() + timedelta(days=1)])
@pytest.mark.parametrize(("who", "status"), [("doctor", 404), ("administrator", 200)])
def test_unpublished_posts_are_for_writers(actor, who, status, when):
    assert read(actor(who), PostFactory(published_at=when)).status_code == status


def test_missing_post(anonymous):
    assert anonymous.get(reverse("news:detail", args=[uuid.uuid4()])).status_code == 404


@pytest.mark.parametrize(("who", "shown"), [("doctor", False), ("administrator", True)])
def test_actions_are_for_writers(actor, who, shown):
    post = PostFactory()
    page = read(actor(who), post).content.decode()
    assert (reverse("news:delete", args=[post.pk]) in page) is shown
