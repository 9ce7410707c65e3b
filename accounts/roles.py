"""Who may do what: ONE table from role to capabilities. Nothing else decides rights."""

from enum import StrEnum

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    HEALTH_WORKER = "health_worker", _("Health worker")
    DOCTOR = "doctor", _("Doctor")
    RESEARCHER = "researcher", _("Researcher")
    ADMINISTRATOR = "administrator", _("Administrator")


class Capability(StrEnum):
    VIEW_RADIOGRAPHS = "view_radiographs"
    ADD_RADIOGRAPHS = "add_radiographs"
    EDIT_RADIOGRAPHS = "edit_radiographs"
    STATE_TRUTH = "state_truth"  # say the test's result together with a radiograph one uploads
    RECORD_TRUTH = "record_truth"  # say or correct it afterwards
    EXPORT_CASES = "export_cases"
    MANAGE_PATIENTS = "manage_patients"  # merge two patients, note a withdrawn consent
    REVEAL_IDENTITY = "reveal_identity"  # open a sealed identifier of the own institution
    READ_CASES = "read_cases"  # the worklist, and studies one has a part in
    MANAGE_STUDIES = "manage_studies"
    REVIEW_LABELS = "review_labels"  # suspected label errors, and what labels would change
    MANAGE_MODELS = "manage_models"  # train, judge, promote and exchange models
    READ_AUDIT = "read_audit"
    MANAGE_ACCOUNTS = "manage_accounts"
    WRITE_NEWS = "write_news"
    READ_CONTACT = "read_contact"
    VIEW_STATUS = "view_status"


C = Capability

CAPABILITIES: dict[Role, frozenset[Capability]] = {
    # Health workers change or trash what they uploaded themselves (`Radiograph.editable_by`).
    Role.HEALTH_WORKER: frozenset(
        {C.VIEW_RADIOGRAPHS, C.ADD_RADIOGRAPHS, C.EDIT_RADIOGRAPHS, C.STATE_TRUTH}
    ),
    Role.DOCTOR: frozenset(
        {
            C.VIEW_RADIOGRAPHS,
            C.ADD_RADIOGRAPHS,
            C.EDIT_RADIOGRAPHS,
            C.STATE_TRUTH,
            C.RECORD_TRUTH,
            C.EXPORT_CASES,
            C.MANAGE_PATIENTS,
            C.READ_CASES,
            C.REVIEW_LABELS,
        }
    ),
    # Researchers see and take confirmed cases only (`Radiograph.visible_to`).
    Role.RESEARCHER: frozenset({C.VIEW_RADIOGRAPHS, C.EXPORT_CASES}),
    Role.ADMINISTRATOR: frozenset(Capability),
}
# What reaches beyond one institution: administrators of a single one do not have it.
PLATFORM_WIDE: frozenset[Capability] = frozenset({C.MANAGE_MODELS})


def capabilities_of(role: str) -> frozenset[Capability]:
    """Capabilities of a role; an empty or unknown role has none."""
    return CAPABILITIES.get(Role(role), frozenset()) if role in Role.values else frozenset()
