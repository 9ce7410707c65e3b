"""Static files, collected and compressed once: again only when one of them changed."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

STAMP = ".collected-from"
# Folders of libraries whose pages we do not show; compressing them takes longer than all the rest.
UNUSED = ("redoc", "rest_framework")


def collect() -> bool:
    """Collect into `settings.STATIC_ROOT`; returns False when nothing had changed."""
    stamp = Path(settings.STATIC_ROOT) / STAMP
    wanted = _fingerprint()
    if stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
        return False
    call_command(
        "collectstatic",
        interactive=False,
        clear=stamp.parent.exists(),
        ignore_patterns=list(UNUSED),
        verbosity=0,
    )
    stamp.write_text(wanted, encoding="ascii")
    return True


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for line in sorted(_sources()):
        digest.update(line.encode())
    return digest.hexdigest()


def _sources() -> Iterator[str]:
    for finder in get_finders():
        for name, storage in finder.list(UNUSED):
            status = Path(storage.path(name)).stat()
            yield f"{name}:{status.st_size}:{status.st_mtime_ns}\n"
