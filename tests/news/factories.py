"""Makers of posts and messages."""

from datetime import timedelta

import factory
from django.utils import timezone

from news.models import ContactMessage, NewsPost
from tests.factories import UserFactory


class PostFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = NewsPost

    title_es = factory.Sequence("Novedad {}".format)
    title_en = factory.Sequence("Post {}".format)
    body_es = "Texto en castellano."
    body_en = "Text in English."
    author = factory.SubFactory(UserFactory)
    published_at = factory.LazyFunction(lambda: timezone.now() - timedelta(hours=1))


class MessageFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ContactMessage

    name = "Vera Visitor"
    email = "vera@example.org"
    subject = factory.Sequence("Question {}".format)
    body = "How do I take part?"
