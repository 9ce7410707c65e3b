"""Every page in both languages: a sentence in the other language is a bug."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import translation

from accounts.models import User
from core.http import STOP_POLLING
from tests.accounts.helpers import totp_code
from tests.architecture import scene
from tests.architecture.catalogues import leaks
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
OTHER = {"es": "en", "en": "es"}


@dataclass(frozen=True)
class Page:
    """`row` names the row of the scene in the address; `data` is sent, on purpose with mistakes.

    `query` and `data` may speak of rows of the scene, as in {site.pk}.
    """

    name: str
    row: str = ""
    data: dict | None = None
    status: int = 200
    query: str = ""

    def html(self, browser, rows) -> str:
        address = reverse(self.name, args=[rows[self.row].pk] if self.row else [])
        address += self.query.format(**rows)
        answer = (
            browser.get(address) if self.data is None else browser.post(address, self.sent(rows))
        )
        assert answer.status_code == self.status, (self, answer.status_code)
        return answer.content.decode()

    def sent(self, rows) -> dict:
        return {name: value.format(**rows) for name, value in self.data.items()}


NOTHING: dict = {}
PUBLIC = [Page("home"), Page("about"), Page("news:list"), Page("news:detail", "post")]
CONTACT = [Page("news:contact"), Page("news:contact", data=NOTHING)]
ACCOUNT = [
    Page("account_email"),
    Page("account_email", data={"action_add": "", "email": "no"}),
    Page("account_change_password"),
    Page("account_change_password", data={"oldpassword": "x", "password1": "1", "password2": "2"}),
    Page("account_reauthenticate"),
    Page("account_reauthenticate", data={"password": "wrong"}),
    Page("account_logout"),
    Page("mfa_index"),
    Page("mfa_activate_totp"),
    Page("mfa_activate_totp", data={"code": "000000"}),
    Page("usersessions_list"),
    Page("accounts:profile"),
    Page("accounts:profile", data={"full_name": "<a>", "language": "xx"}, status=400),
]
TOKENS = [
    Page("accounts:tokens"),
    Page("accounts:create_token", data=NOTHING, status=400),
    Page("api-docs"),
]
RADIOGRAPHS = [
    Page("images:list"),
    Page("images:list", query="?patient=nobody"),
    *(Page("images:detail", row) for row in ("positive", "negative", "uncertain")),
]
BATCHES = [Page("images:batches"), Page("images:batch_new")]
KEPT = [
    Page("images:layout"),
    Page("images:layout", data=NOTHING, status=400),
    Page("images:more_filters"),
    Page("images:saved_filters"),
    Page("images:change_filter", "filter"),
    Page("images:bulk_actions"),
    Page("images:bulk_action", "action"),
    Page("images:exports"),
    Page("images:export", "export"),
]
PATIENTS = [
    Page("images:patients"),
    Page("images:patients", query="?code=nobody"),
    *(Page("images:patient", row) for row in ("patient", "withdrawn")),
    *(Page("images:patient_consent", row) for row in ("patient", "withdrawn")),
    Page("images:patient_merge", "patient"),
    Page("images:patient_merge", "patient", data=NOTHING),
    Page("images:table_new"),
    Page("images:table_new", data=NOTHING, status=400),
    Page("images:writing"),
    Page("images:writing_review", "positive"),
    Page("images:viewer", "positive"),
]
STATED = {"covid-19-result": "no-covid-19"}
LABORATORY = ("laboratory", "refused_table", "written_table")
ANSWERED = ("better", "unclear", "same", "unsaid", "failed", "stopped")
CLOSED = ("positive", "negative", "uncertain", "outdated", "failed", "stopped", "vouched")
PIECES = [
    *(Page("inference:panel", row, status=STOP_POLLING) for row in CLOSED),
    *(Page("inference:panel", row) for row in ("waiting", "running")),
    *(Page("inference:explanations", f"answer_{row}", status=STOP_POLLING) for row in CLOSED[:2]),
    Page("inference:explanations", "answer_uncertain"),
    Page("inference:similar", "positive"),
]
TRUTH = [
    *(Page("images:detail", row) for row in ("contested", "far")),
    *(Page("images:truth", row) for row in ("contested", "far")),
    Page("images:truth", "contested", data={"covid-19-expected": "", **STATED}, status=409),
    Page("images:truth", "far", data={"covid-19-tested_on": "01/01/1800", **STATED}, status=400),
    Page("images:laboratory"),
    Page("images:laboratory", data=NOTHING, status=400),
    *(Page("images:laboratory_table", row) for row in LABORATORY),
    Page("images:laboratory_table", "laboratory", query="?show=unchanged"),
    Page("images:laboratory_apply", "laboratory", data=NOTHING, status=409),
    Page("images:laboratory_apply", "laboratory", data={"writes_rest": "on"}, status=409),
]
READING = [
    Page("reading:worklist"),
    Page("reading:worklist", query="?show=mine"),
    Page("reading:worklist", query="?show=aside"),
    Page("reading:read", "worklist"),
    Page("reading:read", "open_study"),
    Page("reading:studies"),
    *(Page("reading:study", f"{which}_study") for which in ("open", "closed", "disputed", "new")),
    Page("reading:study_results", "open_study", status=403),
    Page("reading:study_results", "closed_study"),
    Page("reading:study_adjudicate", "disputed_study"),
    Page("reading:study_adjudicate", "disputed_study", query="?after=1"),
]
LABELS = [
    Page("retraining:labels"),
    Page("retraining:labels", query="?state=kept"),
    Page("retraining:labels", query="?state=corrected"),
    Page("retraining:label_check", "target", status=STOP_POLLING),
    Page("retraining:impact-of-table", "laboratory"),
    *(Page("retraining:impact", f"impact_{name}", status=STOP_POLLING) for name in ANSWERED),
    *(Page("retraining:impact", f"impact_{name}") for name in ("queued", "running")),
]
STUDIES = [
    Page("reading:worklist"),
    Page("reading:worklist", query="?site={site.pk}"),
    Page("reading:rules", "worklist"),
    Page("reading:rules", "worklist", data={"readings_needed": "9"}, status=400),
    Page("reading:studies"),
    *(Page("reading:study", f"{which}_study") for which in ("open", "closed", "new")),
    Page("reading:study_new"),
    Page("reading:study_new", query="?site={site.pk}"),
    Page("reading:study_new", data={"name": "", "site": "{site.pk}"}, status=400),
    Page("reading:study_change", "new_study"),
    Page("reading:study_change", "new_study", data=NOTHING, status=400),
    Page("reading:study_close", "open_study"),
    *(Page("reading:study_results", f"{which}_study") for which in ("open", "closed", "new")),
]
AUDIT = [
    Page("accounts:audit"),
    Page("accounts:audit", query="?subject=truth"),
    Page("accounts:audit", query="?patient={patient.pk}"),
    Page("accounts:audit", query="?subject=token&deed=removed"),
    Page("accounts:audit", query="?day_from=x", status=400),
    Page("accounts:audit", query="?after=x", status=400),
]
PAGES = {
    "anonymous": [
        *PUBLIC,
        *CONTACT,
        Page("account_login"),
        Page("account_login", data={"login": "no", "password": ""}),
        Page("account_login", data={"login": "nobody@example.org", "password": "wrong"}),
        Page("account_signup"),
        Page("account_signup", data={"email": "no", "password1": "1", "password2": "2"}),
        Page("account_reset_password"),
        Page("account_reset_password", data={"email": "no"}),
        Page("account_reset_password_done"),
        Page("account_reset_password_from_key_done"),
        Page("account_email_verification_sent"),
        Page("account_inactive"),
        Page("local-mail"),
    ],
    "pending": [
        Page("home"),
        Page("accounts:pending"),
        Page("accounts:profile"),
        Page("mfa_index"),
    ],
    "health_worker": [
        Page("home"),
        *RADIOGRAPHS,
        *BATCHES,
        Page("images:upload"),
        Page("images:trash"),
    ],
    "doctor": [
        *PUBLIC,
        *PIECES,
        *CONTACT,
        *ACCOUNT,
        *TOKENS,
        *RADIOGRAPHS,
        *(Page("images:detail", row) for row in scene.UNANSWERED),
        Page("images:detail", "outdated"),
        Page("images:detail", "trashed"),
        Page("images:upload"),
        Page("images:upload", data=NOTHING, status=400),
        Page("images:edit", "positive"),
        Page("images:edit", "positive", data={"patient_code": "?", "age_years": "x"}, status=400),
        Page("images:truth", "positive"),
        Page("images:truth", "positive", data={"covid-19-result": "x"}, status=400),
        Page("images:trash"),
        Page("images:delete", "trashed"),
        *BATCHES,
        Page("images:batch", "batch"),
        Page("images:batch_delete", "batch"),
        *KEPT,
        *PATIENTS,
        *TRUTH,
        *READING,
        *LABELS,
        Page("status", status=403),
    ],
    "researcher": [
        Page("home"),
        *RADIOGRAPHS,
        *(Page("images:detail", row) for row in ("contested", "far")),
        *TOKENS,
    ],
    "administrator": [
        *PUBLIC,
        *RADIOGRAPHS,
        *PATIENTS,
        *STUDIES,
        *AUDIT,
        Page("retraining:labels"),
        Page("images:laboratory"),
        Page("images:upload"),
        Page("accounts:people"),
        Page("accounts:people", query="?q=nobody"),
        *(Page("accounts:person", row) for row in ("person", "waiting_person", "unconfirmed")),
        *(Page("accounts:person", row) for row in ("refused", "closed")),
        Page("accounts:sites"),
        Page("accounts:create_site"),
        Page("accounts:create_site", data={"name": "<a>", "code": "?"}, status=400),
        Page("accounts:edit_site", "site"),
        *(Page("news:detail", row) for row in ("draft", "scheduled")),
        Page("news:create"),
        Page("news:create", data={"publication": "later"}, status=400),
        Page("news:edit", "post"),
        Page("news:delete", "post"),
        Page("news:inbox"),
        Page("news:inbox", query="?all=1"),
        Page("status"),
    ],
}


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
