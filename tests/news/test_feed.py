import xml.etree.ElementTree as ET
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.news.factories import PostFactory

pytestmark = pytest.mark.django_db


def channel(client, language=None):
    address = reverse("news:feed", args=[language] if language else [])
    return ET.fromstring(client.get(address).content).find("channel")


def titles(client, language):
    return [item.findtext("title") for item in channel(client, language).findall("item")]


@pytest.mark.parametrize(("language", "title"), [("es", "Hola"), ("en", "Hello")])
def test_speaks_the_language_of_its_address(anonymous, language, title):
    PostFactory(title_es="Hola", title_en="Hello")
    assert titles(anonymous, language) == [title]
    assert channel(anonymous, language).findtext("language") == language


def test_is_rss(anonymous):
    response = anonymous.get(reverse("news:feed"))
    assert response["Content-Type"].startswith("application/rss+xml")


def test_without_a_language_it_is_the_platforms(anonymous):
    PostFactory(title_es="Hola")
    assert channel(anonymous).findtext("language") == "es"


def test_unknown_language(anonymous):
    assert anonymous.get(reverse("news:feed", args=["xx"])).status_code == 404


def test_published_posts_only(anonymous):
    PostFactory(published_at=None)
    PostFactory(published_at=timezone.now() + timedelta(days=1))
    assert titles(anonymous, "es") == []


def test_writers_get_no_drafts_either(sign_in, administrator):
    PostFactory(published_at=None)
    assert titles(sign_in(administrator), "es") == []


def test_newest_first_though_another_is_pinned(anonymous):
    PostFactory(title_es="old", is_pinned=True, published_at=timezone.now() - timedelta(days=9))
    PostFactory(title_es="new")
    assert titles(anonymous, "es") == ["new", "old"]


def test_text_is_safe(anonymous):
    PostFactory(body_es="<script>alert(1)</script> **fuerte**")
    text = channel(anonymous, "es").find("item").findtext("description")
    assert "<script" not in text
    assert "<strong>fuerte</strong>" in text


def test_links_lead_to_the_post(anonymous):
    post = PostFactory()
    link = channel(anonymous, "es").find("item").findtext("link")
    assert link == "http://testserver" + reverse("news:detail", args=[post.pk])
