import pytest
from django.urls import reverse

from news.models import NewsPost
from tests.news.factories import PostFactory

pytestmark = pytest.mark.django_db


def test_asks_first(sign_in, administrator):
    post = PostFactory()
    page = sign_in(administrator).get(reverse("news:delete", args=[post.pk]))
    assert page.status_code == 200
    assert NewsPost.objects.exists()


def test_deletes(sign_in, administrator):
    post = PostFactory()
    sign_in(administrator).post(reverse("news:delete", args=[post.pk]))
    assert not NewsPost.objects.exists()
