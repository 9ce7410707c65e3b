"""Pages keep to the content security policy: no inline script, style or event handler."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template

ROOT = Path(settings.BASE_DIR) / "platform" / "templates"
TEMPLATES = sorted(str(path.relative_to(ROOT)) for path in ROOT.rglob("*.html"))
LISTENERS = re.compile(r"<[a-z][^<>]*\s(on[a-z]+|hx-on[a-z:-]*)\s*=", re.IGNORECASE)
INLINE_SCRIPT = re.compile(r"<script(?![^>]*\b(src=|type=\"application/json\"))", re.IGNORECASE)


def source(name):
    return (ROOT / name).read_text()


@pytest.mark.parametrize("name", TEMPLATES)
def test_compiles(name):
    assert get_template(name)


@pytest.mark.parametrize("name", TEMPLATES)
def test_has_no_inline_style(name):
    assert not re.search(r"<[a-z][^<>]*\sstyle\s*=|<style\b", source(name), re.IGNORECASE)


@pytest.mark.parametrize("name", TEMPLATES)
def test_has_no_inline_event_handler(name):
    assert not LISTENERS.search(source(name))


@pytest.mark.parametrize("name", TEMPLATES)
def test_has_no_inline_script(name):
    assert not INLINE_SCRIPT.search(source(name))


@pytest.mark.parametrize("name", TEMPLATES)
def test_loads_nothing_from_another_host(name):
    assert not re.search(r"(src|href|action)=[\"'](https?:)?//", source(name))


@pytest.mark.parametrize("name", TEMPLATES)
def test_does_not_mark_strings_as_safe(name):
    assert not re.search(r"\|\s*safe\b|autoescape off", source(name))
