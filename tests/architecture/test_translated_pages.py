"""Every page in both languages: a sentence in the other language is a bug."""

from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import translation

from accounts.models import User
from tests.accounts.helpers import totp_code
from tests.architecture import scene
from tests.architecture.catalogues import leaks
from tests.architecture.pages import PAGES
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
OTHER = {"es": "en", "en": "es"}


TEMPLATES = Path(settings.PLATFORM_DIR) / "templates"
FAILURES = sorted(path.name for path in TEMPLATES.glob("[45]*.html"))
MAILS = sorted(
    str(path.relative_to(TEMPLATES))
    for kind in ("subject", "message")
    for path in TEMPLATES.glob(f"*/email/*_{kind}.txt")
)
# allauth's own, for which the house has no other words.
MAILS += [f"account/email/email_confirm_{kind}.txt" for kind in ("subject", "message")]

# Values of the API, which are the same in every language.
CODES = {"indeterminate"}

in_both_languages = pytest.mark.parametrize("language", ["es", "en"])


@pytest.mark.parametrize(
    ("html", "language", "found"),
    [
        ("<p>Upload a\n radiograph</p>", "en", {"Upload a radiograph"}),
        ("<a title='Cargar una radiograf&iacute;a'>x</a>", "es", {"Cargar una radiografía"}),
        ("<p>5 people wait for your decision.</p>", "en", {"people wait for your decision"}),
        ("<p>Cargar una radiografía</p>", "en", set()),
        ("<script>Upload a radiograph</script>", "en", set()),
    ],
)
def test_what_counts_as_the_other_language(html, language, found):
    assert leaks(html, language) == found


@in_both_languages
@pytest.mark.parametrize("role", PAGES)
def test_pages_speak_one_language(role, language):
    platform = scene.build()
    browser = platform.browser(role, language)
    pages = [(page, page.html(browser, platform.rows)) for page in PAGES[role]]
    found = [(page, leaks(html, OTHER[language])) for page, html in pages]
    assert [(page, sentences) for page, sentences in found if sentences] == []


@pytest.fixture
def two_factors(doctor):
    """`two_factors(language) -> Client` of a person who has just turned the second factor on."""

    def turn_on(language: str) -> Client:
        browser = scene.browser_of(doctor, language)
        browser.get(reverse("mfa_activate_totp"))
        code = totp_code(browser.session["mfa.totp.secret"])
        assert browser.post(reverse("mfa_activate_totp"), {"code": code}).status_code == 302
        return browser

    return turn_on


@in_both_languages
@pytest.mark.parametrize(
    "name",
    ["mfa_index", "mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes"],
)
def test_pages_of_the_second_factor(two_factors, name, language):
    html = two_factors(language).get(reverse(name)).content.decode()
    assert leaks(html, OTHER[language]) == set()


@in_both_languages
def test_question_for_the_code(two_factors, doctor, language):
    two_factors(language)
    browser = scene.visitor(language)
    login = {"login": doctor.email, "password": PASSWORD}
    asked = browser.post(reverse("account_login"), login, follow=True)
    refused = browser.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert asked.redirect_chain == [(reverse("mfa_authenticate"), 302)]
    assert leaks((asked.content + refused.content).decode(), OTHER[language]) == set()


@in_both_languages
@pytest.mark.parametrize("name", FAILURES)
def test_pages_of_failures(name, language):
    with translation.override(language):
        html = render_to_string(name, request=RequestFactory().get("/"))
    assert leaks(html, OTHER[language]) == set()


@in_both_languages
@pytest.mark.parametrize("name", MAILS)
def test_mails(name, language):
    with translation.override(language):
        words = render_to_string(name, {"person": User(full_name="Ana", email="ana@example.org")})
    assert words.strip()
    assert leaks(words, OTHER[language]) == set()


@in_both_languages
@pytest.mark.parametrize("name", ["api-schema", "api-images-list"])
def test_api(sign_in, doctor, name, language):
    headers = {"accept-language": language}
    answers = [client.get(reverse(name), headers=headers) for client in (sign_in(doctor), Client())]
    words = " ".join(answer.content.decode() for answer in answers)
    assert leaks(words, OTHER[language]) - CODES == set()


def test_parts_of_the_api_are_described_in_both_languages(sign_in, doctor):
    browser = sign_in(doctor)
    spanish, english = (
        browser.get(
            reverse("api-schema"), {"format": "json"}, headers={"accept-language": language}
        ).json()["components"]["schemas"]
        for language in ("es", "en")
    )
    described = [name for name, part in english.items() if part.get("description")]
    assert described
    assert [
        name for name in described if spanish[name]["description"] == english[name]["description"]
    ] == []
