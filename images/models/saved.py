"""How a person likes the list: filters under a name, columns, order."""

from typing import Self

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Site, User
from accounts.roles import Capability
from core.models import Record


class SavedFilterQuerySet(models.QuerySet["SavedFilter"]):
    def visible_to(self, user: User) -> Self:
        """The person's own, and what colleagues of the institution share.

        Those who do not see patient codes (see `Patient.objects.visible_to`) get no colleague's
        filter that may hold one.
        """
        own = models.Q(owner=user)
        if user.site_id is None:
            return self.filter(own)
        shared = models.Q(site=user.site, is_shared=True)
        if not user.can(Capability.ADD_RADIOGRAPHS):
            shared &= ~models.Q(query__regex=r"(^|&)(patient|q|assigned)=")
        return self.filter(own | shared)


class SavedFilter(Record):
    owner = models.ForeignKey(User, models.CASCADE, related_name="saved_filters")
    site = models.ForeignKey(Site, models.CASCADE, null=True, blank=True, related_name="+")
    name = models.CharField(_("name"), max_length=80)
    # Filters, search and order as in an address, already validated and normalised.
    query = models.CharField(max_length=2000, blank=True, default="")
    is_shared = models.BooleanField(_("shared with the institution"), default=False)

    objects = SavedFilterQuerySet.as_manager()

    class Meta:
        ordering = ("name", "pk")
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="filter_name_once_per_person")
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"{reverse('images:list')}?{self.query}"


class ListLayout(Record):
    """Columns that a person chose, in order, and how many rows a page has."""

    owner = models.OneToOneField(User, models.CASCADE, related_name="list_layout")
    columns = models.JSONField(default=list)
    per_page = models.PositiveSmallIntegerField(default=24)

    def __str__(self) -> str:
        return str(self.owner_id)
