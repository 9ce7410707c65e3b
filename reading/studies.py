"""What pages and the API ask of studies: how far they are, and who may see what of them."""

from dataclasses import dataclass
from typing import Final

from django.db.models import Count, Q

from accounts.models import User
from accounts.roles import Capability
from images.models import Radiograph
from reading.models import (
    CaseState,
    ListCase,
    ListReader,
    RadiologicalReading,
    ReaderPart,
    ReadingList,
)
from reading.models.case import ListCaseQuerySet

# The two ways of taking part, as a page tells them.
NO_PART: Final = ""


@dataclass(frozen=True)
class Progress:
    """How many of the study's `cases` one of its people has read; no finding is in it."""

    part: ListReader
    read: int
    cases: int

    @property
    def percent(self) -> int:
        return 100 * self.read // self.cases if self.cases else 0


@dataclass(frozen=True)
class Standing:
    """A study in numbers. `cases` leaves out those that were withdrawn."""

    study: ReadingList
    cases: int
    done: int
    waiting: int  # for the adjudicator
    flagged: int
    withdrawn: int


def part_of(study: ReadingList, user: User) -> str:
    """A ReaderPart, "" for who has none."""
    part = study.parts.filter(reader=user).first()
    return part.part if part else NO_PART


def may_see_results(study: ReadingList, user: User) -> bool:
    """Who manages studies: any time, unless they read or decide in it; all its people: once it is
    closed. For those that `ReadingList.objects.visible_to` shows the study."""
    if study.closed_at:
        return True
    return user.can(Capability.MANAGE_STUDIES) and not part_of(study, user)


def may_export(study: ReadingList, user: User) -> bool:
    return user.can(Capability.MANAGE_STUDIES) and may_see_results(study, user)


def counted_cases(study: ReadingList) -> ListCaseQuerySet:
    """Those that count: of radiographs that are kept, of patients who did not withdraw consent."""
    countable = Radiograph.objects.kept().consented()
    cases = ListCase.objects.filter(reading_list=study, radiograph__in=countable)
    return cases.exclude(state=CaseState.WITHDRAWN)


def standing_of(study: ReadingList) -> Standing:
    states = {
        state: Count("pk", filter=Q(state=state))
        for state in (CaseState.DONE, CaseState.ADJUDICATE, CaseState.FLAGGED)
    }
    found = counted_cases(study).aggregate(cases=Count("pk"), **states)
    return Standing(
        study=study,
        cases=found["cases"],
        done=found[CaseState.DONE],
        waiting=found[CaseState.ADJUDICATE],
        flagged=found[CaseState.FLAGGED],
        withdrawn=study.cases.count() - found["cases"],
    )


def progress_of(study: ReadingList) -> list[Progress]:
    """Of the readers, by name: an order that says nothing about who is reader 1."""
    cases = counted_cases(study)
    stated = RadiologicalReading.objects.current().filter(case__in=cases, is_adjudication=False)
    counts = stated.exclude(finding="").order_by().values_list("reader").annotate(Count("pk"))
    read, total = dict(counts), cases.count()
    parts = study.parts.filter(part=ReaderPart.READER).select_related("reader")
    return [
        Progress(part, read.get(part.reader_id, 0), total)
        for part in parts.order_by("reader__full_name", "pk")
    ]


def adjudicators_of(study: ReadingList) -> list[ListReader]:
    return list(study.parts.filter(part=ReaderPart.ADJUDICATOR).select_related("reader"))


def to_adjudicate(study: ReadingList) -> ListCaseQuerySet:
    """Cases about which readers disagree, in the order of the study."""
    return counted_cases(study).filter(state=CaseState.ADJUDICATE).order_by("position", "pk")
