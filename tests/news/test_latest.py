from datetime import timedelta

import pytest
from django.utils import timezone

from news.services import latest
from tests.news.factories import PostFactory

pytestmark = pytest.mark.django_db


def test_gives_as_many_as_asked():
    PostFactory.create_batch(4)
    assert len(latest(3)) == 3


def test_pinned_before_newer():
    pinned = PostFactory(is_pinned=True, published_at=timezone.now() - timedelta(days=9))
    newer = PostFactory()
    assert latest(2) == [pinned, newer]


def test_published_ones_only():
    PostFactory(published_at=None)
    assert latest(3) == []
