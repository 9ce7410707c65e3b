"""Words of the record of deeds: what its subjects, fields and values are called before people.

Rooms above write these names and values; what is missing here is shown as it was written.
"""

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.roles import Role

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SUBJECTS: "Final[dict[str, StrOrPromise]]" = {
    "radiograph": _("Radiograph"),
    "patient": _("Patient"),
    "identity": _("Identity of a patient"),
    "source_file": _("Source file"),
    "truth": _("Test result"),
    "table": _("Table of results"),
    "laboratory-table": _("Laboratory results"),
    "reading": _("Radiological reading"),
    "list": _("Reading list"),
    "case": _("Case of a list"),
    "study": _("Reader study"),
    "suspicion": _("Judgement of a label"),
    "gate": _("Check of the picture, overridden"),
    "batch": _("Batch of files"),
    "bulk": _("Action upon many"),
    "export": _("Export of cases"),
    "archive": _("Download of an archive"),
    "audit": _("Audit"),
    "account": _("Account"),
    "site": _("Institution"),
    "token": _("API token"),
    "model": _("Model in service"),
    "promotion": _("Exchange of a model"),
    "promotion-rules": _("Rules of promotion"),
    "retraining-plan": _("Schedule of training"),
    "shadow": _("Candidate in the shadow"),
    "target": _("Target"),
    "drift-check": _("Look for drift"),
    "model-card": _("Model card"),
    "model-import": _("File offered as a model"),
    "model-version": _("Version of a model"),
    "trusted-key": _("Key of another installation"),
    "snapshot": _("List of cases"),
    "shortcut-audit": _("Shortcut audit"),
    "reproduction": _("Reproduction of a model"),
    "run": _("Training run"),
}

FIELDS: "Final[dict[str, StrOrPromise]]" = {
    "absorbed": _("Merged patient"),
    "accepts_unknown": _("Also signed by an installation that is not trusted"),
    "acquired_on": _("Date of the radiograph"),
    "adjudicator": _("Adjudicator"),
    "after_cases": _("After so many new confirmed cases"),
    "age_years": _("Age in years"),
    "agrees": _("Agrees with the model"),
    "architecture": _("Architecture"),
    "assigned_to": _("Assigned to"),
    "batch": _("Batch of files"),
    "boxes": _("Boxes covered"),
    "by_interval": _("The interval of the difference decides"),
    "case": _("Case of a list"),
    "cases": _("Cases"),
    "changed": _("Rows changed"),
    "class": _("Result"),
    "classes": _("Possible answers"),
    "closed_at": _("Closed on"),
    "code": _("Code"),
    "conflict": _("Rows in conflict"),
    "consent": _("Consent"),
    "created": _("Rows added"),
    "days": _("Days of life"),
    "disagreement": _("Reason of the disagreement"),
    "error_rate": _("Error rate of the set of answers"),
    "every_days": _("Every so many days"),
    "extractor": _("Extractor"),
    "files": _("Files"),
    "filters": _("Filters"),
    "finding": _("Finding"),
    "fingerprint": _("Fingerprint of the key"),
    "format": _("File format"),
    "full_name": _("Full name"),
    "hides_model": _("The model's answer is hidden first"),
    "is_active": pgettext_lazy("account", "Open"),
    "is_indeterminate": _("Indeterminate"),
    "is_on": _("Retrains without being asked"),
    "keep_source_days": _("Days for which source files are kept"),
    "kind": _("Kind"),
    "kit": _("Test kit"),
    "laboratory": _("Laboratory"),
    "language": _("Language"),
    "left_standing": _("Conflicts left as they stand"),
    "list": _("Reading list"),
    "max_association": _("Most association of label and institution"),
    "max_auc_drop": _("Most loss of AUC"),
    "max_hidden_auc": _("Most AUC with the lungs hidden"),
    "merged_into": _("Merged into the patient"),
    "min_patients": _("Least patients of each class"),
    "min_sensitivity": _("Least sensitivity"),
    "min_specificity": _("Least specificity"),
    "name": _("Name"),
    "needs_audit": _("The shortcut audit must be passed"),
    "notes": _("Notes"),
    "patient": _("Patient"),
    "patient_rule": _("Patient of each file"),
    "person": _("Assigned to"),
    "person_quota_megabytes": _("Room of each person, in megabytes"),
    "promotes": _("Serves without a person's word"),
    "purpose": _("Purpose"),
    "quota_megabytes": _("Room, in megabytes"),
    "radiograph": _("Radiograph"),
    "radiograph_left": _("Radiograph that left"),
    "radiographs": _("Radiographs"),
    "reader": _("Reader"),
    "readers": _("Readers"),
    "readings_needed": _("Readings of each case"),
    "reason": _("Reason"),
    "refused": _("Rows refused"),
    "repredicts": _("Old radiographs are answered again"),
    "result": _("Result"),
    "role": _("Role"),
    "rows": _("Rows"),
    "scope": _("Scope"),
    "sex": _("Sex"),
    "shadow_cases": _("Radiographs to be scored in the shadow"),
    "shadow_first": _("The shadow first"),
    "shares_with_researchers": _("Shared with researchers"),
    "site": _("Institution"),
    "source": _("Source"),
    "state": _("Status"),
    "status": _("Status"),
    "taken": _("Became the current result"),
    "target": _("Target"),
    "tested_on": _("Date of the sample"),
    "to_do": _("Rows still to be written"),
    "tokens": _("API tokens"),
    "trains_undated": _("Undated cases may train"),
    "trash_days": _("Days in the trash"),
    "truth_days": _("Days between sample and radiograph"),
    "unchanged": _("Rows that change nothing"),
    "undoes": _("Undoes the action"),
    "verb": _("Action"),
    "verdict": _("Verdict on the model"),
    "version": _("Version"),
    "view": pgettext_lazy("radiograph", "View"),
    "writing": _("Writing in the picture"),
}

_TRUTH: "Final[dict[str, StrOrPromise]]" = {
    "positive": _("Positive"),
    "negative": _("Negative"),
    "unknown": _("Unknown"),
    "indeterminate": _("Indeterminate"),
}

VALUES: "Final[dict[str, dict[str, StrOrPromise]]]" = {
    "kind": {
        "promote": _("Put in service"),
        "rollback": _("Back to the model before"),
        "shadow": _("Put in the shadow"),
        "compare": _("Evaluated again"),
    },
    "role": {role.value: role.label for role in Role},
    "result": _TRUTH,
    "class": _TRUTH,
    "notes": {"changed": _("changed")},
    "acquired_on": {"moved": _("a day moved by the patient's own secret")},
    "consent": {"given": _("Not withdrawn"), "withdrawn": _("Withdrawn")},
    "status": {
        "kept": _("kept"),
        "trashed": _("in the trash"),
        "open": pgettext_lazy("batch", "Open"),
        "cancelled": pgettext_lazy("batch", "Cancelled"),
    },
    "writing": {
        "clear": _("None found"),
        "suspected": _("Suspected"),
        "harmless": _("Names nobody"),
        "redacted": _("Covered"),
    },
    "finding": {
        "normal": _("Normal"),
        "covid-19": _("COVID-19"),
        "viral-pneumonia": _("Viral pneumonia"),
        "bacterial-pneumonia": _("Bacterial pneumonia"),
        "other": _("Other finding"),
        "not-readable": _("Not readable"),
    },
    "verdict": {
        "agrees": _("Agrees with the model"),
        "disagrees": _("Disagrees with the model"),
    },
    "disagreement": {
        "missed": _("The model missed a finding"),
        "invented": _("The model saw what is not there"),
        "other-disease": _("It is another disease"),
        "poor-image": _("The image misled the model"),
        "else": _("Another reason"),
    },
    "state": {
        "open": _("To be read"),
        "done": pgettext_lazy("case", "Read"),
        "flagged": _("Set aside"),
        "adjudicate": _("Readers disagree"),
        "withdrawn": _("Withdrawn"),
        "kept": _("Looked at: the label stands"),
        "corrected": _("Looked at: the label was corrected"),
    },
    "sex": {"F": _("Female"), "M": _("Male"), "O": _("Other")},
    "language": {"es": _("Spanish"), "en": _("English")},
}

# Fields that hold the key of a person or of an institution, which pages show by name.
OF_PEOPLE: Final = frozenset(
    {"person", "reader", "readers", "adjudicator", "assigned_to", "entered_by"}
)
OF_SITES: Final = frozenset({"site"})
# Fields that hold a key by which the record can be asked, and the filter that does.
OF_KEYS: Final = {
    "patient": "patient",
    "absorbed": "patient",
    "merged_into": "patient",
    "radiograph": "radiograph",
    "radiograph_left": "radiograph",
    "undoes": "radiograph",
}


def subject_word(subject: str) -> "StrOrPromise":
    return SUBJECTS.get(subject, subject)


def field_word(name: str) -> "StrOrPromise":
    return FIELDS.get(name) or name.replace("_", " ")
