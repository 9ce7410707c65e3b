"""Role x route of the news room."""

import pytest
from django.urls import reverse

from tests.news.factories import MessageFactory, PostFactory

pytestmark = pytest.mark.django_db

EVERYBODY = ("anonymous", "pending", "health_worker", "doctor", "researcher", "administrator")
TURNED_AWAY = {
    "anonymous": "account_login",
    "pending": "accounts:pending",
    "health_worker": 403,
    "doctor": 403,
    "researcher": 403,
}


def outcome(response):
    if response.status_code != 302:
        return response.status_code
    path = response.url.split("?")[0]
    names = ("account_login", "accounts:pending")
    return next((name for name in names if reverse(name) == path), path)


@pytest.mark.parametrize("name", ["news:list", "news:feed", "news:contact"])
@pytest.mark.parametrize("who", EVERYBODY)
def test_public_pages(actor, who, name):
    assert actor(who).get(reverse(name)).status_code == 200


@pytest.mark.parametrize("who", EVERYBODY)
def test_a_published_post_is_public(actor, who):
    post = PostFactory()
    assert actor(who).get(reverse("news:detail", args=[post.pk])).status_code == 200


@pytest.mark.parametrize("name", ["news:create", "news:inbox"])
@pytest.mark.parametrize("who", TURNED_AWAY)
def test_pages_of_writers_are_closed(actor, who, name):
    assert outcome(actor(who).get(reverse(name))) == TURNED_AWAY[who]


@pytest.mark.parametrize("name", ["news:create", "news:inbox"])
@pytest.mark.parametrize("who", ["administrator", "site_administrator"])
def test_pages_of_writers_are_open_to_them(actor, who, name):
    assert actor(who).get(reverse(name)).status_code == 200


@pytest.mark.parametrize("name", ["news:edit", "news:delete"])
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("who", TURNED_AWAY)
def test_changing_a_post_is_closed(actor, who, method, name):
    address = reverse(name, args=[PostFactory().pk])
    assert outcome(getattr(actor(who), method)(address)) == TURNED_AWAY[who]


@pytest.mark.parametrize("who", TURNED_AWAY)
def test_answering_is_closed(actor, who):
    address = reverse("news:answered", args=[MessageFactory().pk])
    assert outcome(actor(who).post(address)) == TURNED_AWAY[who]
