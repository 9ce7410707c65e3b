"""The pages that each role can open, as test_translated_pages.py walks them."""

from dataclasses import dataclass

from django.urls import reverse

from core.http import STOP_POLLING
from tests.architecture import scene


@dataclass(frozen=True)
class Page:
    """`row` names the row of the scene in the address, which has its field `by`; `data` is sent, on
    purpose with mistakes.

    `query` and `data` may speak of rows of the scene, as in {site.pk}.
    """

    name: str
    row: str = ""
    data: dict | None = None
    status: int = 200
    query: str = ""
    by: str = "pk"

    def html(self, browser, rows) -> str:
        found = [getattr(rows[self.row], self.by)] if self.row else []
        address = reverse(self.name, args=found)
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
RUNS = ("running", "done", "failed", "refused", "cancelled")
VERSIONS = ("full_version", "three_version", "bare_version")
TARGETS = ("target", "models")
MODELS = [
    Page("retraining:dashboard"),
    *(Page("retraining:target", target, by="code") for target in TARGETS),
    Page("retraining:start", "models", by="code", data={"architecture": "logistic"}, status=409),
    Page("retraining:start", "target", by="code", data={"epochs": "0"}, status=400),
    *(
        Page("retraining:preflight", "target", by="code", query=f"?architecture={code}")
        for code in ("covid-xr-c", "cnn-64")
    ),
    *(Page("retraining:run", f"{run}_run") for run in RUNS),
    *(Page("retraining:run_live", f"{run}_run") for run in RUNS),
    *(Page("retraining:version", version) for version in VERSIONS),
    *(Page("retraining:gate", version, status=STOP_POLLING) for version in VERSIONS[::2]),
    Page("retraining:gate", "three_version"),
    *(Page("retraining:audit", version, status=STOP_POLLING) for version in VERSIONS[::2]),
    Page("retraining:audit", "three_version"),
    Page("retraining:service", "target", by="code", status=STOP_POLLING),
    Page("retraining:service", "models", by="code"),
    Page("retraining:import_model"),
    Page("retraining:import_model", data=NOTHING, status=400),
    Page("retraining:keys"),
    Page("retraining:keys", data={"name": "", "public_key": "xyz"}, status=400),
    *(
        Page("retraining:promotion", f"{attempt}_promotion", status=STOP_POLLING)
        for attempt in ("done", "overtaken", "closed")
    ),
    Page("retraining:promotion", "open_promotion"),
    *(Page(f"retraining:{name}", "target", by="code") for name in ("rules", "schedule", "drift")),
    *(
        Page(f"retraining:{name}", "target", by="code", data=NOTHING, status=400)
        for name in ("rules", "schedule")
    ),
    Page("retraining:target_new"),
    Page("retraining:target_new", data=NOTHING, status=400),
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
        *MODELS,
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
