"""The Spanish catalogue is whole: nothing missing, doubtful or left over, placeholders kept."""

import os
import shutil
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import translation
from django.utils.translation import gettext, ngettext

from tests.architecture.catalogues import SPANISH, catalogue, placeholders

ROOT = Path(settings.BASE_DIR)
ROOMS = ("accounts", "images", "inference", "news", "platform", "reading", "retraining")
NOT_TEXT = shutil.ignore_patterns("__pycache__", "static", "artifacts", "locale")


def keys(entries):
    return {(entry.msgctxt, entry.msgid) for entry in entries}


@pytest.fixture
def extracted(settings, tmp_path):
    """What a fresh extraction finds. In a copy, for xgettext writes beside the templates."""
    if not shutil.which("xgettext"):
        reason = "GNU gettext is not installed"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / room, ignore=NOT_TEXT)
    settings.BASE_DIR = tmp_path
    settings.LOCALE_PATHS = [tmp_path / "platform" / "locale"]
    settings.LOCALE_PATHS[0].mkdir()
    call_command("makemessages", verbosity=0)
    return polib.pofile(str(tmp_path / "platform" / "locale" / "es" / "LC_MESSAGES" / "django.po"))


def test_catalogue_holds_every_sentence_and_no_other(extracted):
    # `make messages` brings both together; what it adds needs a translation.
    assert keys(extracted) ^ keys(catalogue()) == set()


def test_everything_is_translated():
    assert [entry.msgid for entry in catalogue().untranslated_entries()] == []


def test_no_translation_is_a_guess_of_a_tool():
    assert [entry.msgid for entry in catalogue().fuzzy_entries()] == []


def test_nothing_is_left_over():
    assert [entry.msgid for entry in catalogue().obsolete_entries()] == []


def test_every_form_of_a_plural_is_there():
    plurals = [entry.msgstr_plural.values() for entry in catalogue() if entry.msgid_plural]
    assert all(len(forms) == 3 and all(forms) for forms in plurals)


def test_placeholders_are_those_of_the_english():
    wrong = [
        (entry.msgid, text)
        for entry in catalogue()
        for text in (list(entry.msgstr_plural.values()) or [entry.msgstr])
        if placeholders(text) != placeholders(entry.msgid)
    ]
    assert wrong == []


def test_sentences_end_as_the_english_do():
    ends = (".", "?", ":", "…")
    wrong = [
        entry.msgid
        for entry in catalogue()
        if not entry.msgid_plural
        and [entry.msgid.endswith(end) for end in ends]
        != [entry.msgstr.endswith(end) for end in ends]
    ]
    assert wrong == []


def test_catalogue_names_no_machine_and_no_date():
    head = SPANISH.read_text(encoding="utf-8").partition("\n\n")[0]
    assert "POT-Creation-Date" not in head
    assert "#:" not in SPANISH.read_text(encoding="utf-8")


def test_english_needs_no_catalogue():
    # Django's other languages fall back on the default one, which is Spanish.
    with translation.override("en"):
        assert gettext("The radiograph is stored.") == "The radiograph is stored."


@pytest.mark.parametrize(
    ("language", "number", "expected"),
    [
        ("es", 1, "%(n)s persona espera su decisión."),
        ("es", 0, "%(n)s personas esperan su decisión."),
        ("es", 2, "%(n)s personas esperan su decisión."),
        ("en", 1, "%(n)s person waits for your decision."),
        ("en", 0, "%(n)s people wait for your decision."),
    ],
)
def test_numbers_agree(language, number, expected):
    one, many = "%(n)s person waits for your decision.", "%(n)s people wait for your decision."
    with translation.override(language):
        assert ngettext(one, many, number) == expected
