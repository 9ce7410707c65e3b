"""How far the search for radiographs that nobody asked about has come."""

from django.db import models

from core.models import BEFORE_ALL, Record
from images.models import Target


class MissingSearch(Record):
    """The search for radiographs without any prediction of `target`, in the order of their keys.

    The row is made when the target is served and goes when it is served no more, so that a target
    that comes (back) into service starts with a first circle, which goes quickly.
    """

    target = models.OneToOneField(Target, models.CASCADE, related_name="+")
    # The last key that was looked at.
    after = models.UUIDField(default=BEFORE_ALL)
    is_first_circle = models.BooleanField(default=True)

    def __str__(self) -> str:
        return f"{self.target_id} after {self.after}"
