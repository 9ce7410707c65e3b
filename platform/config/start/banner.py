"""What a person needs to know once everything runs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.conf import settings

from config.start.services import url
from config.start.steps import Prepared

if TYPE_CHECKING:
    from config.demo import DemoAccount

WIDTH = 78


def text(prepared: Prepared, demo: Sequence["DemoAccount"]) -> str:
    rule = "=" * WIDTH
    return "\n".join(["", rule, *_lines(prepared, demo), rule, ""])


def _lines(prepared: Prepared, demo: Sequence["DemoAccount"]) -> list[str]:
    lines = ["  COVID-XR is ready", "", f"  Address        {url()}"]
    lines += _administrator(prepared)
    lines += [f"  Demo account   {account.email:<34} {account.password}" for account in demo]
    if not settings.EMAIL_URL:
        lines += [f"  Outgoing mail  {url()}local-mail/", f"                 {settings.MAIL_DIR}"]
    return [*lines, f"  Data           {settings.DATA_DIR}", "  Stop           Ctrl-C"]


def _administrator(prepared: Prepared) -> list[str]:
    lines = [f"  Administrator  {prepared.administrator}"]
    if prepared.one_time_password:
        lines += [
            f"  Password       {prepared.one_time_password}",
            "                 (for one sign-in; you choose your own then)",
        ]
    return lines
