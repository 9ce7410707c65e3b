"""Cursor pages: stable under inserts, flat in cost however deep a reader goes."""

from rest_framework.pagination import CursorPagination


class CursorPages(CursorPagination):
    ordering = ("-created_at", "-pk")
    page_size_query_param = "page_size"
    max_page_size = 500
