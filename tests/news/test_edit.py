from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from news.models import NewsPost
from tests.news.factories import PostFactory
from tests.news.test_create import DATA

pytestmark = pytest.mark.django_db


def edit(client, post, **changes):
    return client.post(reverse("news:edit", args=[post.pk]), DATA | changes)


def test_changes_the_text(sign_in, administrator):
    post = PostFactory()
    edit(sign_in(administrator), post, body_en="Corrected")
    assert NewsPost.objects.get(pk=post.pk).body_en == "Corrected"


def test_author_stays(sign_in, administrator):
    post = PostFactory()
    edit(sign_in(administrator), post)
    assert NewsPost.objects.get(pk=post.pk).author == post.author


def test_a_correction_does_not_make_an_old_post_new(sign_in, administrator):
    post = PostFactory(published_at=timezone.now() - timedelta(days=30))
    edit(sign_in(administrator), post)
    assert NewsPost.objects.get(pk=post.pk).published_at == post.published_at


def test_a_draft_is_published(sign_in, administrator):
    post = PostFactory(published_at=None)
    edit(sign_in(administrator), post)
    assert NewsPost.objects.get(pk=post.pk).is_published


def test_a_post_is_withdrawn(sign_in, administrator):
    post = PostFactory()
    edit(sign_in(administrator), post, publication="draft")
    assert NewsPost.objects.get(pk=post.pk).published_at is None


def test_refused_form_changes_nothing(sign_in, administrator):
    post = PostFactory()
    assert edit(sign_in(administrator), post, title_es="").status_code == 400
    assert NewsPost.objects.get(pk=post.pk).title_es == post.title_es


@pytest.mark.parametrize(
    ("when", "state"),
    [
        (None, "draft"),
        (timezone.now() - timedelta(days=1), "now"),
        (timezone.now() + timedelta(days=1), "later"),
    ],
)
def test_form_shows_the_present_state(sign_in, administrator, when, state):
    post = PostFactory(published_at=when)
    form = sign_in(administrator).get(reverse("news:edit", args=[post.pk])).context["form"]
    assert form["publication"].value() == state
