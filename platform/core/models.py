"""The base of every row: an unguessable key and two timestamps."""

import uuid
from collections.abc import Iterable, Sequence
from typing import Final

from django.db import models

# Below every key: where a walk in their order begins.
BEFORE_ALL: Final = uuid.UUID(int=0)


class Record(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(auto_now_add=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True, editable=False)

    class Meta:
        abstract = True


def rewrite(rows: Iterable[models.Model], fields: Sequence[str]) -> None:
    """Write `fields` of rows of one table that exist and that the caller has locked.

    One statement for many rows with values of their own, in a tenth of the time of `bulk_update`:
    nothing is inserted, since each meets itself.
    """
    if some := list(rows):
        type(some[0])._default_manager.bulk_create(
            some, update_conflicts=True, unique_fields=["pk"], update_fields=fields
        )
