"""News of the platform, and what people write to its makers."""

from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import Capability
from core.models import Record


def may(user: User | AnonymousUser, capability: Capability) -> bool:
    return isinstance(user, User) and user.can(capability)


class NewsPostQuerySet(models.QuerySet["NewsPost"]):
    def published(self) -> Self:
        return self.filter(published_at__lte=timezone.now())

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Published posts for everybody; drafts and scheduled ones for those who write news."""
        return self if may(user, Capability.WRITE_NEWS) else self.published()


class NewsPost(Record):
    """A post in Spanish and English (Markdown). Without `published_at` it is a draft."""

    title_es = models.CharField(_("title in Spanish"), max_length=160)
    title_en = models.CharField(_("title in English"), max_length=160)
    body_es = models.TextField(_("text in Spanish (Markdown)"))
    body_en = models.TextField(_("text in English (Markdown)"))
    is_pinned = models.BooleanField(_("pinned to the top"), default=False)
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    author = models.ForeignKey(User, models.PROTECT, related_name="+")

    objects = NewsPostQuerySet.as_manager()

    class Meta:
        ordering = ("-is_pinned", "-published_at", "-created_at")

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return self.title_en if _speaks_english() else self.title_es

    @property
    def body(self) -> str:
        return self.body_en if _speaks_english() else self.body_es

    @property
    def is_published(self) -> bool:
        return self.published_at is not None and self.published_at <= timezone.now()

    @property
    def is_scheduled(self) -> bool:
        return self.published_at is not None and not self.is_published


def _speaks_english() -> bool:
    return (get_language() or "es").startswith("en")


class ContactMessageQuerySet(models.QuerySet["ContactMessage"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """All for the administrators of the platform, who also get them by mail; an institution's
        administrators read those of their own people."""
        if not isinstance(user, User) or not user.can(Capability.READ_CONTACT):
            return self.none()
        return self if user.is_platform_wide else self.filter(sender__site=user.site)

    def unanswered(self) -> Self:
        return self.filter(answered_at=None)


class ContactMessage(Record):
    """A message of a visitor or a user, stored first and mailed after."""

    name = models.CharField(_("name"), max_length=120)
    email = models.EmailField(_("e-mail address"))
    subject = models.CharField(_("subject"), max_length=160)
    body = models.TextField(_("message"), max_length=5000)
    sender = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField(null=True, editable=False)
    answered_by = models.ForeignKey(
        User, models.SET_NULL, null=True, editable=False, related_name="+"
    )

    objects = ContactMessageQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return str(self.pk)
