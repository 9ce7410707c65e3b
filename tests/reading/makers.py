"""Rows for the tests of the reading room: films without files, lists with cases."""

import uuid
from collections.abc import Iterable
from datetime import date, timedelta

from accounts.models import Site, User
from accounts.roles import Role
from images.models import Patient, Radiograph, Target
from inference.models import Standing, StandingOf
from reading.models import (
    ListCase,
    ListKind,
    ListReader,
    Rank,
    ReaderPart,
    ReadingList,
    Turn,
)
from reading.tasks.upkeep import follow_changes
from tests import factories

FIRST_DAY = date(2026, 1, 1)


def covid() -> Target:
    return Target.objects.get(code="covid-19")


def bare_film(site: Site, uploader: User, number: int = 0, **facts) -> Radiograph:
    """A row without a file, of a patient of its own, taken on the `number`th day of 2026."""
    return make_films(site, uploader, [number], **facts)[0]


def make_films(site: Site, uploader: User, numbers: Iterable[int], **facts) -> list[Radiograph]:
    films = []
    for number in numbers:
        key = uuid.uuid4().hex
        films.append(
            Radiograph(
                patient=Patient(site=site, code=f"R-{key[:12]}"), site=site, uploader=uploader,
                file=f"{key}.png", thumbnail=f"{key}.jpg", file_sha256=key, pixel_sha256=key,
                width=1, height=1, display_low=0, display_high=255, source_format="png",
                **{"acquired_on": FIRST_DAY + timedelta(days=number)} | facts,
            )
        )  # fmt: skip
    Patient.objects.bulk_create(film.patient for film in films)
    return Radiograph.objects.bulk_create(films)


def make_worklist(
    site: Site, uploader: User, cases: int = 3, readings_needed: int = 1
) -> ReadingList:
    """Cases of `Rank.REST` in the order of their values 0, 1, 2, ..."""
    made = ReadingList.objects.create(
        kind=ListKind.WORKLIST, site=site, target=covid(), readings_needed=readings_needed
    )
    add_cases(made, make_films(site, uploader, range(cases)))
    return made


def make_study(
    site: Site,
    uploader: User,
    readers: Iterable[User],
    adjudicators: Iterable[User] = (),
    cases: int = 3,
) -> ReadingList:
    made = ReadingList.objects.create(
        kind=ListKind.STUDY, site=site, target=covid(), name="Two readers", created_by=uploader
    )
    for part, people in (
        (ReaderPart.READER, readers),
        (ReaderPart.ADJUDICATOR, adjudicators),
    ):
        for number, person in enumerate(people):
            ListReader.objects.create(reading_list=made, reader=person, part=part, position=number)
    add_cases(made, make_films(site, uploader, range(cases)))
    return made


def add_cases(reading_list: ReadingList, films: Iterable[Radiograph]) -> list[ListCase]:
    return ListCase.objects.bulk_create(
        ListCase(
            reading_list=reading_list, radiograph=film, rank=Rank.REST, value=place, position=place
        )
        for place, film in enumerate(films)
    )


def cases_of(reading_list: ReadingList) -> list[ListCase]:
    return list(reading_list.cases.order_by("value"))


def doctor_of(site: Site, name: str = "Dora Second") -> User:
    return factories.UserFactory(full_name=name, role=Role.DOCTOR, site=site)


def stand(film: Radiograph, standing: StandingOf, **facts) -> Standing:
    """Say where the model's answer stands; `facts`: doubt, is_uncertain."""
    return Standing.objects.update_or_create(
        radiograph=film, target=covid(), defaults={"standing": standing} | facts
    )[0]


def run_out(turn: Turn) -> None:
    """The hold ended a moment ago."""
    Turn.objects.filter(pk=turn.pk).update(held_until=turn.taken_at - timedelta(seconds=1))


def follow() -> None:
    """What a worker does some seconds after radiographs came, or answers."""
    follow_changes()
