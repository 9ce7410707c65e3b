"""compile_locale: .po becomes .mo without gettext, and only when it changed."""

import gettext

import pytest
from django.utils.translation import gettext as gettext_now
from django.utils.translation import override

from config.start.translations import compile_locale

CATALOGUE = """
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "Radiograph"
msgstr "Radiografía"
"""


@pytest.fixture
def catalogue(settings, tmp_path):
    settings.LOCALE_PATHS = [tmp_path]
    source = tmp_path / "es" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.write_text(CATALOGUE, encoding="utf-8")
    return source


def test_a_catalogue_can_be_read_by_gettext(catalogue):
    assert compile_locale() == 1
    with catalogue.with_suffix(".mo").open("rb") as compiled:
        assert gettext.GNUTranslations(compiled).gettext("Radiograph") == "Radiografía"


def test_an_unchanged_catalogue_is_left_alone(catalogue):
    compile_locale()
    assert compile_locale() == 0


def test_a_changed_catalogue_is_compiled_again(catalogue):
    compile_locale()
    catalogue.write_text(CATALOGUE.replace("Radiografía", "Placa"), encoding="utf-8")
    assert compile_locale() == 1


def test_nothing_else_is_left_in_the_folder(catalogue):
    compile_locale()
    assert sorted(path.name for path in catalogue.parent.iterdir()) == ["django.mo", "django.po"]


def test_sentences_read_before_are_read_again(catalogue):
    """Loading Django's apps asks for sentences, before a new clone has any compiled."""
    with override("es"):
        assert gettext_now("Radiograph") == "Radiograph"
        compile_locale()
        assert gettext_now("Radiograph") == "Radiografía"
