"""Many confirmed cases at once, as rows without pictures: for what reads records alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from uuid import UUID

from accounts.models import Site, User
from accounts.roles import Role
from images.copies import VERSION
from images.models import GroundTruth, Patient, PictureSketch, Radiograph, Target
from retraining.models import Division
from tests.factories import SiteFactory, UserFactory

# Splits are drawn by it and by the patients' numbers: each test divides the same way every time.
SALT = "a salt for tests"


def pixels_of(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def confirmed_cases(
    count: int,
    *,
    site: Site | None = None,
    target: Target | None = None,
    first: int = 0,
    classes: Sequence[str] | None = None,
    a_patient: int = 1,
    source: str = "",
    view: str = "PA",
    is_compared: bool = True,
) -> list[Radiograph]:
    """`count` radiographs with ground truth, `a_patient` to a patient; classes go round (those of
    the target, positive first, unless given). `first` numbers patients and pixels on. Each shows
    another picture, as workers found out unless they are not `is_compared`.
    """
    Division.objects.get_or_create(number=1, defaults={"salt": SALT})
    site = site or SiteFactory()
    target = target or Target.objects.get(code="covid-19")
    by = User.objects.filter(site=site, role=Role.DOCTOR).first() or UserFactory(
        role=Role.DOCTOR, site=site
    )
    patients = Patient.objects.bulk_create(
        Patient(
            site=site,
            code=f"L-{first + number:06d}",
            sex="FM"[number % 2],
            split_key=UUID(pixels_of(first + number)[:32]),
        )
        for number in range(-(-count // a_patient))
    )
    films = Radiograph.objects.bulk_create(
        _film(number, patients[number // a_patient], by, first, source, view)
        for number in range(count)
    )
    confirm(films, target, classes, by, a_patient)
    if is_compared:
        count_as_compared(films)
    return films


def count_as_compared(films: Iterable[Radiograph]) -> None:
    """Workers looked for copies of these pictures, which nobody ever drew, and found none."""
    PictureSketch.objects.bulk_create(
        PictureSketch(radiograph=film, version=VERSION) for film in films
    )


def _film(
    number: int, patient: Patient, by: User, first: int, source: str, view: str
) -> Radiograph:
    pixels = pixels_of(first + number)
    return Radiograph(
        patient=patient, site=patient.site, uploader=by, file=f"{pixels[:2]}/{pixels}.png",
        thumbnail=f"{pixels[:2]}/{pixels}.jpg", file_sha256=pixels, pixel_sha256=pixels,
        width=80, height=96, display_low=0.0, display_high=255.0, source_format="png",
        age_years=20 + number % 60, source=source, view=view, is_confirmed=True,
    )  # fmt: skip


def confirm(
    films: Iterable[Radiograph],
    target: Target,
    classes: Sequence[str] | None,
    by: User,
    a_patient: int = 1,
) -> None:
    """One class a patient."""
    rows = {row.code: row for row in target.classes.all()}
    codes = classes or sorted(rows, key=lambda code: not rows[code].is_positive)
    GroundTruth.objects.bulk_create(
        GroundTruth(
            radiograph=film,
            target=target,
            target_class=rows[codes[number // a_patient % len(codes)]],
            entered_by=by,
        )
        for number, film in enumerate(films)
    )
