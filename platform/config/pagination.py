"""Cursor pages: stable under inserts, flat in cost however deep a reader goes."""

from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request


class CursorPages(CursorPagination):
    """Newest first. `?page_size=` goes from 1 to 500; the answer names the pages before and after
    as `next` and `previous`, and no total: counting would read the whole table."""

    ordering = ("-created_at", "-pk")
    page_size_query_param = "page_size"
    max_page_size = 500

    def paginate_queryset(
        self, queryset: Any, request: Request, view: Any = None
    ) -> list[Any] | None:
        """Raises ValidationError for a cursor that this list never gave out."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (NotFound, DjangoValidationError) as reason:
            sentence = _("This page does not exist: begin again at the first one.")
            raise ValidationError({"cursor": [sentence]}) from reason
