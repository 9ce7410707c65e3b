from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from tests.news.factories import PostFactory

pytestmark = pytest.mark.django_db


def listed(client, **query):
    return [post.title_en for post in client.get(reverse("news:list"), query).context["page"]]


@pytest.fixture
def tomorrow():
    return timezone.now() + timedelta(days=1)


def test_newest_first(anonymous):
    PostFactory(title_en="old", published_at=timezone.now() - timedelta(days=9))
    PostFactory(title_en="new")
    assert listed(anonymous) == ["new", "old"]


def test_pinned_before_newer(anonymous):
    PostFactory(title_en="pinned", is_pinned=True, published_at=timezone.now() - timedelta(days=9))
    PostFactory(title_en="new")
    assert listed(anonymous) == ["pinned", "new"]


def test_drafts_and_scheduled_posts_are_hidden(anonymous, tomorrow):
    PostFactory(published_at=None)
    PostFactory(published_at=tomorrow)
    assert listed(anonymous) == []


def test_writers_see_them(sign_in, administrator, tomorrow):
    PostFactory(published_at=None)
    PostFactory(published_at=tomorrow)
    assert len(listed(sign_in(administrator))) == 2


def test_a_scheduled_post_appears_by_itself(anonymous, tomorrow):
    PostFactory(title_en="later", published_at=tomorrow)
    with time_machine.travel(tomorrow + timedelta(seconds=1)):
        assert listed(anonymous) == ["later"]


@pytest.mark.parametrize(("language", "word"), [("es", "Hola"), ("en", "Hello")])
def test_speaks_the_readers_language(anonymous, language, word):
    PostFactory(title_es="Hola", title_en="Hello")
    page = anonymous.get(reverse("news:list"), headers={"accept-language": language})
    assert word in page.content.decode()


def test_pages(anonymous):
    PostFactory.create_batch(12)
    assert (len(listed(anonymous)), len(listed(anonymous, page=2))) == (10, 2)


def test_excerpt_holds_no_markup(anonymous):
    PostFactory(body_es="**fuerte** <script>alert(1)</script>", body_en="x")
    page = anonymous.get(reverse("news:list"), headers={"accept-language": "es"}).content.decode()
    assert "fuerte" in page
    assert "<strong>fuerte" not in page
    assert "<script>alert" not in page


def test_number_of_queries_does_not_grow(anonymous, django_assert_max_num_queries):
    PostFactory.create_batch(10)
    with django_assert_max_num_queries(2):
        listed(anonymous)
