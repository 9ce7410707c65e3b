"""`manage.py makemessages`: Django's own, with the habits of this repository as its defaults.

Needs GNU gettext. Only Spanish has a catalogue: the msgids are the English text, and Django gives
English no fallback, so a missing English entry is never answered in Spanish.
"""

import re
from contextlib import chdir
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.core.management.commands import makemessages

# Not ours, not shown to anybody, or full of radiographs.
IGNORED = (".venv", "data", "node_modules", "tests", "build", "dist", "platform/static")
CREATION_DATE = re.compile(r'^"POT-Creation-Date:.*\\n"\n', re.MULTILINE)


class Command(makemessages.Command):
    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(
            locale=["es"],
            ignore_patterns=list(IGNORED),
            no_location=True,
            no_wrap=True,
            no_obsolete=True,
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Extract from the whole repository, wherever the command was started."""
        with chdir(settings.BASE_DIR):
            super().handle(*args, **options)

    def write_po_file(self, potfile: str, locale: str) -> None:
        """A date that changes at every run would hide the sentences that changed in a diff."""
        super().write_po_file(potfile, locale)
        folder = Path(potfile).parent / locale / "LC_MESSAGES"
        for catalogue in folder.glob(f"{self.domain}.po"):
            text = catalogue.read_text(encoding="utf-8")
            catalogue.write_text(CREATION_DATE.sub("", text), encoding="utf-8")
