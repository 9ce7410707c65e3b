"""The days between the sample of a confirming test and the radiograph.

Where the day of the radiograph was moved (images.shifting), the sample's day is moved by the same
number before one is subtracted from the other: the true day of such a radiograph is never worked
out, let alone shown.
"""

from datetime import date, timedelta
from typing import Final
from uuid import UUID

from images.models import GroundTruth, Radiograph
from images.shifting import days_moved_of, shifted_day

# Ages from here on are kept as this one: they say nothing of the year of birth.
OLDEST_KEPT: Final = 90


def sample_day(radiograph: Radiograph, tested_on: date) -> date:
    """The sample's day as the radiograph's own day counts: moved where that one is."""
    return shifted_day(radiograph.patient, tested_on) if radiograph.date_is_shifted else tested_on


def days_between(radiograph: Radiograph, truth: GroundTruth) -> int | None:
    """Days from the sample to the radiograph, negative where the radiograph came first; None where
    one of the two days is unknown."""
    moved_of = (radiograph.site_id, radiograph.patient_id) if radiograph.date_is_shifted else None
    return between(radiograph.acquired_on, truth.tested_on, moved_of=moved_of)


def between(
    acquired_on: date | None, tested_on: date | None, *, moved_of: tuple[UUID, UUID] | None
) -> int | None:
    """`days_between` of plain values. `moved_of`: the keys of institution and patient where
    `acquired_on` was moved."""
    if acquired_on is None or tested_on is None:
        return None
    moved = days_moved_of(site=moved_of[0], patient=moved_of[1]) if moved_of else 0
    return (acquired_on - tested_on).days + moved


def is_before_birth(radiograph: Radiograph, tested_on: date) -> bool:
    """True where a sample was taken before the patient can have been born.

    A person of `age_years` completed years is less than one year older than that. Nothing is
    judged without an age below 90 and the day of the radiograph.
    """
    age, taken = radiograph.age_years, radiograph.acquired_on
    if age is None or taken is None or age >= OLDEST_KEPT or taken.year <= OLDEST_KEPT:
        return False
    return sample_day(radiograph, tested_on) < _years_before(taken, age + 1)


def _years_before(day: date, years: int) -> date:
    """The same day of the year; 28 February for 29 February of a year that has none."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return (day - timedelta(days=1)).replace(year=day.year - years)
