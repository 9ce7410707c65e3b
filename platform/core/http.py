"""Typed requests: what a view may rely on once the door has let the person in."""

from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import UUID

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

if TYPE_CHECKING:
    from accounts.models import User  # for the type checker alone: core imports no app


class UserRequest(HttpRequest):
    """A request of a signed-in person."""

    user: "User"
    htmx: HtmxDetails


# What htmx reads as "stop polling" (https://htmx.org/docs/#polling).
STOP_POLLING = 286
# What it reads as "leave the page as it is, and ask again".
NOTHING_NEW = 204


def ids_in(words: Iterable[str]) -> list[UUID]:
    """The words that are ids; others are passed over, as ids of invisible rows are."""
    found = []
    for word in words:
        try:
            found.append(UUID(word))
        except ValueError:
            continue
    return found
