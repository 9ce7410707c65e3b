"""Catalogues people wrote (.po) become the ones Django reads (.mo), without GNU gettext."""

import os
import tempfile
from pathlib import Path

import polib
from django.conf import settings
from django.utils.translation.reloader import translation_file_changed


def compile_locale() -> int:
    """Compile each catalogue that is newer than its .mo file; returns how many were compiled.

    What this process had read before is forgotten: loading Django's apps asks for sentences.
    """
    sources = [path for root in settings.LOCALE_PATHS for path in Path(root).rglob("*.po")]
    stale = [source for source in sources if _is_stale(source)]
    for source in stale:
        _compile(source)
        translation_file_changed(sender=None, file_path=source.with_suffix(".mo"))
    return len(stale)


def _is_stale(source: Path) -> bool:
    compiled = source.with_suffix(".mo")
    return not compiled.exists() or compiled.stat().st_mtime_ns != source.stat().st_mtime_ns


def _compile(source: Path) -> None:
    """Readers see the old file or the new one, never half: two processes may compile at once."""
    modified = source.stat().st_mtime_ns
    catalogue = polib.pofile(str(source)).to_binary()
    descriptor, name = tempfile.mkstemp(dir=source.parent, suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(catalogue)
        Path(name).chmod(0o644)
        os.utime(name, ns=(modified, modified))
        Path(name).replace(source.with_suffix(".mo"))
    finally:
        Path(name).unlink(missing_ok=True)
