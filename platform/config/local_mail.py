"""Mail kept in a folder, shown as a page: in local mode only, and only on the same computer.

Verification and reset links are in it, so anybody else must not even learn that the page exists.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import wraps
from ipaddress import ip_address
from itertools import islice
from pathlib import Path
from typing import Concatenate, ParamSpec
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

P = ParamSpec("P")

# What Django's file backend writes after each message of a file.
SEPARATOR = b"\n" + b"-" * 79 + b"\n"
LINK = re.compile(r"https?://[^\s<>\"']+")
# How proxies of all makes begin the headers that they add.
FORWARDED = ("HTTP_X_FORWARDED", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")
NEWEST = 200


@dataclass(frozen=True)
class Mail:
    """One message. `name` is its file's stem and its place there, from 0: `20200401-120000-7-0`."""

    name: str
    written_at: datetime
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"] or "")

    @property
    def recipients(self) -> str:
        return str(self.message["To"] or "")

    @property
    def text(self) -> str:
        part = self.message.get_body(("plain",))
        return str(part.get_content()) if part is not None else ""


def on_this_computer(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """404 unless local mode is on and nobody stands between the browser and this process."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not settings.LOCAL_MODE or not is_from_here(request):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def is_from_here(request: HttpRequest) -> bool:
    if any(header.startswith(FORWARDED) for header in request.META):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


@login_not_required
@require_safe
@never_cache
@on_this_computer
def messages(request: HttpRequest) -> HttpResponse:
    mails = list(islice(kept_mails(), NEWEST))
    return render(request, "local_mail/list.html", {"mails": mails, "folder": settings.MAIL_DIR})


@login_not_required
@require_safe
@never_cache
@on_this_computer
def message(request: HttpRequest, name: str) -> HttpResponse:
    # Compared with the names that exist: nothing of the address ever becomes a path.
    mail = next((mail for mail in kept_mails() if mail.name == name), None)
    if mail is None:
        raise Http404
    text = with_links(mail.text, {request.get_host(), urlsplit(settings.PUBLIC_URL).netloc})
    return render(request, "local_mail/message.html", {"mail": mail, "text": text})


def kept_mails() -> Iterator[Mail]:
    """Newest first."""
    for file in mail_files():
        yield from read(file)


def mail_files() -> list[Path]:
    folder = Path(settings.MAIL_DIR)
    files = [file for file in folder.glob("*.log") if file.is_file()] if folder.is_dir() else []
    return sorted(files, key=lambda file: (file.stat().st_mtime_ns, file.name), reverse=True)


def read(file: Path) -> Iterator[Mail]:
    """The messages of one file, newest first."""
    written_at = datetime.fromtimestamp(file.stat().st_mtime).astimezone()
    parts = [part for part in file.read_bytes().split(SEPARATOR) if part.strip()]
    for index in reversed(range(len(parts))):
        message = message_from_bytes(parts[index].lstrip(), policy=policy.default)
        yield Mail(f"{file.stem}-{index}", written_at, message)


def with_links(text: str, hosts: set[str]) -> SafeString:
    """Escaped text whose http links to `hosts` can be followed; other links stay words."""
    pieces: list[str] = []
    end = 0
    for match in LINK.finditer(text):
        pieces += [conditional_escape(text[end : match.start()]), _link(match.group(), hosts)]
        end = match.end()
    pieces.append(conditional_escape(text[end:]))
    return mark_safe("".join(pieces))  # noqa: S308  (each piece is escaped)


def _link(address: str, hosts: set[str]) -> str:
    if _host_of(address) not in hosts:
        return conditional_escape(address)
    return format_html('<a href="{}">{}</a>', address, address)


def _host_of(address: str) -> str:
    """Anybody's words are in a mail: what only looks like an address has no host."""
    try:
        return urlsplit(address).netloc
    except ValueError:
        return ""
