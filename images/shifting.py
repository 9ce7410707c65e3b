"""Days of DICOM headers are moved back by a number of days that each patient has for itself."""

from datetime import date, timedelta
from typing import Final
from uuid import UUID

from images.keys import keyed_hash
from images.models import Patient

MOST_DAYS: Final = 365


def days_moved(patient: Patient) -> int:
    """1 to 365: how many days back the dates of this patient's DICOM files are moved."""
    return days_moved_of(site=patient.site_id, patient=patient.pk)


def days_moved_of(*, site: UUID, patient: UUID) -> int:
    """`days_moved` of a patient by the keys of its institution and its own."""
    number = int(keyed_hash(site, "date-shift", patient.hex)[:16], 16)
    return number % MOST_DAYS + 1


def shifted_day(patient: Patient, day: date) -> date:
    """`day` moved back; the days between two films of one patient stay what they are."""
    return day - timedelta(days=days_moved(patient))
