"""Typed requests: what a view may rely on once the door has let the person in."""

from typing import TYPE_CHECKING

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
