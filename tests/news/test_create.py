from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from news.models import NewsPost

pytestmark = pytest.mark.django_db

DATA = {
    "title_es": "Hola",
    "title_en": "Hello",
    "body_es": "Texto",
    "body_en": "Text",
    "publication": "now",
    "publish_at": "",
}


def local(when):
    return timezone.localtime(when).strftime("%Y-%m-%dT%H:%M")


def create(client, **changes):
    return client.post(reverse("news:create"), DATA | changes)


def test_publishes_now(sign_in, administrator):
    create(sign_in(administrator))
    post = NewsPost.objects.get()
    assert (post.title_es, post.body_en, post.author) == ("Hola", "Text", administrator)
    assert post.is_published


def test_leads_to_the_post(sign_in, administrator):
    response = create(sign_in(administrator))
    assert response.url == reverse("news:detail", args=[NewsPost.objects.get().pk])


def test_keeps_a_draft(sign_in, administrator):
    create(sign_in(administrator), publication="draft")
    assert NewsPost.objects.get().published_at is None


def test_schedules_in_the_platforms_time_zone(sign_in, administrator):
    soon = timezone.now() + timedelta(days=2)
    create(sign_in(administrator), publication="later", publish_at=local(soon))
    post = NewsPost.objects.get()
    assert post.is_scheduled
    assert abs(post.published_at - soon) < timedelta(minutes=1)


def test_pins(sign_in, administrator):
    create(sign_in(administrator), is_pinned="on")
    assert NewsPost.objects.get().is_pinned


@pytest.mark.parametrize(
    "changes",
    [
        {"title_es": ""},
        {"title_en": ""},
        {"body_es": ""},
        {"body_en": ""},
        {"title_es": "T" * 161},
        {"publication": ""},
        {"publication": "yesterday"},
        {"publication": "later", "publish_at": ""},
        {"publication": "later", "publish_at": "soon"},
        {"publication": "later", "publish_at": local(datetime(2020, 4, 1).astimezone())},
    ],
)
def test_refuses(sign_in, administrator, changes):
    assert create(sign_in(administrator), **changes).status_code == 400
    assert not NewsPost.objects.exists()


def test_keeps_what_was_typed(sign_in, administrator):
    page = create(sign_in(administrator), title_en="", body_es="Lo ya escrito")
    assert "Lo ya escrito" in page.content.decode()
