"""RSS of the news, one feed a language."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.syndication.views import Feed
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from news.markdown import to_html
from news.models import NewsPost

LENGTH = 20


class NewsFeed(Feed[NewsPost, None]):
    """The language is in the address: a feed reader sends no cookie."""

    def __call__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        language = kwargs.get("language") or translation.get_language()
        if language not in dict(settings.LANGUAGES):
            raise Http404
        with translation.override(language):
            return super().__call__(request, *args, **kwargs)

    def title(self) -> str:
        return _("COVID-XR news")

    def description(self) -> str:
        return _("What is new on the platform.")

    def link(self) -> str:
        return reverse("news:list")

    def items(self) -> QuerySet[NewsPost]:
        return NewsPost.objects.published().order_by("-published_at")[:LENGTH]

    def item_title(self, item: NewsPost) -> str:
        return item.title

    def item_description(self, item: NewsPost) -> str:
        return to_html(item.body)

    def item_link(self, item: NewsPost) -> str:
        return reverse("news:detail", args=[item.pk])

    def item_guid(self, item: NewsPost) -> str:
        return str(item.pk)

    item_guid_is_permalink = False

    def item_pubdate(self, item: NewsPost) -> datetime | None:
        return item.published_at

    def item_updateddate(self, item: NewsPost) -> datetime:
        return item.updated_at


feed = login_not_required(NewsFeed())
