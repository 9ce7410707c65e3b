"""Reader studies: made once, read, closed. What a study is does not change once somebody read."""

import secrets
from collections.abc import Sequence
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.models import Site, User
from accounts.roles import Capability
from images.models import Target
from images.models.target import RT_PCR_TARGET
from reading.choosing import Chosen, Matching, Sample, Ticked, choose
from reading.models import (
    ListCase,
    ListKind,
    ListReader,
    RadiologicalReading,
    ReaderPart,
    ReadingList,
    Turn,
)
from reading.study_errors import StudyRefused

SUBJECT: Final = "study"
FEWEST_READERS: Final = 2
SEEDS: Final = 2**31


@transaction.atomic
def create_study(
    *,
    by: User,
    site: Site,
    name: str,
    purpose: str,
    asked: Ticked | Matching | Sample,
    readers: Sequence[User],
    adjudicator: User | None = None,
    hides_model: bool = True,
    seed: int | None = None,
) -> ReadingList:
    """A study of the institution's cases that `asked` says, in an order shuffled by `seed`.

    Raises PermissionDenied for who manages no studies there, StudyRefused.
    """
    _check_manager(by, site)
    _check_people(site, readers, adjudicator)
    chosen = choose(
        asked, site=site, by=by, seed=secrets.randbelow(SEEDS) if seed is None else seed
    )
    study = ReadingList.objects.create(
        kind=ListKind.STUDY, site=site, target=Target.objects.get(code=RT_PCR_TARGET), name=name,
        purpose=purpose, created_by=by, readings_needed=len(readers), hides_model=hides_model,
        protocol=chosen.protocol,
    )  # fmt: skip
    _add_parts(study, readers, adjudicator)
    _add_cases(study, chosen)
    audit.note(
        actor=by, deed=audit.Deed.ENTERED, subject=SUBJECT, subject_id=study.pk, site=site,
        after=_told(study),
    )  # fmt: skip
    return study


@transaction.atomic
def change_study(
    *,
    study: ReadingList,
    by: User,
    name: str,
    purpose: str,
    readers: Sequence[User],
    adjudicator: User | None,
    hides_model: bool,
) -> ReadingList:
    """Other words, people or rules, as long as nobody has read; the cases stay.

    Raises PermissionDenied, StudyRefused("has-readings" | "closed" | about the people).
    """
    study = _unread(study)
    _check_manager(by, study.site)
    _check_people(study.site, readers, adjudicator)
    before = _told(study)
    study.name, study.purpose, study.hides_model = name, purpose, hides_model
    study.readings_needed = len(readers)
    study.save(update_fields=["name", "purpose", "hides_model", "readings_needed", "updated_at"])
    # Holds and drafts of nobody's reading: places are counted anew.
    Turn.objects.filter(case__reading_list=study).delete()
    study.parts.all().delete()
    _add_parts(study, readers, adjudicator)
    audit.note(
        actor=by, deed=audit.Deed.CHANGED, subject=SUBJECT, subject_id=study.pk, site=study.site,
        before=before, after=_told(study),
    )  # fmt: skip
    return study


@transaction.atomic
def close_study(*, study: ReadingList, by: User) -> bool:
    """End it for good: from now on its readers see the results. False when it was closed."""
    _check_manager(by, study.site)
    now = timezone.now()
    running = ReadingList.objects.studies().running().filter(pk=study.pk)
    if not running.update(closed_at=now, updated_at=now):
        return False
    audit.note(
        actor=by, deed=audit.Deed.CHANGED, subject=SUBJECT, subject_id=study.pk, site=study.site,
        before={"closed_at": None}, after={"closed_at": now.isoformat()},
    )  # fmt: skip
    return True


def _check_manager(by: User, site: Site) -> None:
    if not by.can(Capability.MANAGE_STUDIES):
        raise PermissionDenied
    if not by.is_platform_wide and by.site_id != site.pk:
        raise PermissionDenied


def _check_people(site: Site, readers: Sequence[User], adjudicator: User | None) -> None:
    if len({reader.pk for reader in readers}) < len(readers):
        raise StudyRefused("reader-twice")
    if len(readers) < FEWEST_READERS:
        raise StudyRefused("few-readers")
    if adjudicator and adjudicator.pk in {reader.pk for reader in readers}:
        raise StudyRefused("adjudicator-reads")
    for person in [*readers, *([adjudicator] if adjudicator else [])]:
        reads = person.is_active and person.can(Capability.READ_CASES)
        if person.site_id != site.pk or not reads:
            raise StudyRefused("reader-of-other-site")


def _unread(study: ReadingList) -> ReadingList:
    """The study, locked together with its cases, so that no first answer comes in between."""
    locked = ReadingList.objects.select_for_update().select_related(None).get(pk=study.pk)
    list(ListCase.objects.select_for_update().filter(reading_list=locked).values_list("pk"))
    if locked.closed_at:
        raise StudyRefused("closed")
    if has_readings(locked):
        raise StudyRefused("has-readings")
    return locked


def has_readings(study: ReadingList) -> bool:
    return RadiologicalReading.objects.filter(case__reading_list=study).exists()


def _add_parts(study: ReadingList, readers: Sequence[User], adjudicator: User | None) -> None:
    people = [(reader, ReaderPart.READER) for reader in readers]
    if adjudicator:
        people.append((adjudicator, ReaderPart.ADJUDICATOR))
    ListReader.objects.bulk_create(
        ListReader(reading_list=study, reader=person, part=part, position=number)
        for number, (person, part) in enumerate(people, 1)
    )


def _add_cases(study: ReadingList, chosen: Chosen) -> None:
    ListCase.objects.bulk_create(
        (
            ListCase(reading_list=study, radiograph_id=key, position=number)
            for number, key in enumerate(chosen.keys, 1)
        ),
        batch_size=500,
    )


def _told(study: ReadingList) -> dict[str, Any]:
    parts = dict(study.parts.values_list("reader", "part"))
    readers = sorted(str(key) for key, part in parts.items() if part == ReaderPart.READER)
    deciding = sorted(str(key) for key, part in parts.items() if part == ReaderPart.ADJUDICATOR)
    return {
        "name": study.name,
        "purpose": study.purpose,
        "hides_model": study.hides_model,
        "cases": study.cases.count(),
        "readers": readers,
        "adjudicator": deciding[0] if deciding else "",
    }
