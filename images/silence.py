"""Connections that died without a word must not keep the threads of the web server."""

from typing import Final

from django.http import HttpRequest

SILENCE_SECONDS: Final = 30.0


def end_silent_connections(request: HttpRequest) -> None:
    """Make reading the body raise OSError after 30 s in which nothing came.

    A phone that leaves the network says no goodbye, and gunicorn's threads wait without limit: a
    handful of such phones would take the whole server. Other servers bring a limit of their own.
    """
    socket = request.META.get("gunicorn.socket")
    if socket is not None:
        socket.settimeout(SILENCE_SECONDS)
