"""Which radiographs a study is about: ticked, all that match a filter, or a random sample.

Only what is kept, and whose patient did not withdraw the consent, is ever chosen.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from accounts.models import Site, User
from images.bulk.export import HIDDEN
from images.models import Radiograph
from images.models.radiograph import RadiographQuerySet
from images.models.target import ResultOfTest
from images.queries import BadQuery, filter_of
from reading.study_errors import StudyRefused

MOST_CASES: Final = 2000
TICKED, MATCHING, SAMPLE = "ticked", "matching", "sample"


@dataclass(frozen=True)
class Ticked:
    keys: Sequence[UUID]


@dataclass(frozen=True)
class Matching:
    """All that the filters of the list match now (images.queries); at most MOST_CASES."""

    query: str


@dataclass(frozen=True)
class Sample:
    """`size` real confirmed cases, one of a patient, of which `positive_percent` (0..100) in a
    hundred have a positive RT-PCR."""

    size: int
    positive_percent: int

    @property
    def positives(self) -> int:
        return round(self.size * self.positive_percent / 100)


@dataclass(frozen=True)
class Chosen:
    """Keys in the order of the study, and what its protocol says of the choice."""

    keys: list[UUID]
    protocol: dict[str, Any] = field(default_factory=dict)


def choose(asked: Ticked | Matching | Sample, *, site: Site, by: User, seed: int) -> Chosen:
    """Raises StudyRefused. The same seed upon the same radiographs chooses the same."""
    if isinstance(asked, Sample):
        keys, told = _draw(asked, site, by, seed), _of_sample(asked)
    else:
        within, told = _asked_for(asked, by)
        keys, left_out = _of_site(within, site)
        told |= {"left_out_without_consent": left_out}
    if not keys:
        raise StudyRefused("no-cases")
    # No reader learns anything from where a case stands: neither its day nor its result.
    keys.sort()
    random.Random(seed).shuffle(keys)  # noqa: S311  (a draw to be repeated, not a secret)
    return Chosen(keys, told | {"seed": seed, "cases": len(keys)})


def _of_sample(asked: Sample) -> dict[str, Any]:
    return {"way": SAMPLE, "size": asked.size, "positive_percent": asked.positive_percent}


def _asked_for(asked: Ticked | Matching, by: User) -> tuple[RadiographQuerySet, dict[str, Any]]:
    visible = Radiograph.objects.visible_to(by).kept()
    if isinstance(asked, Ticked):
        ticked = visible.filter(pk__in=asked.keys)
        if ticked.count() < len(set(asked.keys)):
            raise StudyRefused("case-of-other-site")
        return ticked, {"way": TICKED}
    try:
        found: RadiographQuerySet = filter_of(asked.query, by, visible).qs
    except BadQuery:
        raise StudyRefused("bad-filters") from None
    return found, {"way": MATCHING, "query": without_codes(asked.query)}


def without_codes(query: str) -> str:
    """The filters, with a star for what may name a patient: a protocol leaves the house."""
    told = [(name, "*" if name in HIDDEN else value) for name, value in parse_qsl(query)]
    return urlencode(told, safe="*")


def _of_site(within: RadiographQuerySet, site: Site) -> tuple[list[UUID], int]:
    """The keys, and how many were left out for a withdrawn consent."""
    if within.exclude(site=site).exists():
        raise StudyRefused("case-of-other-site")
    keys = list(within.order_by().consented().values_list("pk", flat=True)[: MOST_CASES + 1])
    if len(keys) > MOST_CASES:
        raise StudyRefused("many-cases", most=MOST_CASES)
    return keys, within.order_by().count() - len(keys)


@dataclass(frozen=True)
class _Film:
    """A candidate: `place` is that of its patient, `turn` its own among that patient's films."""

    place: bytes
    turn: bytes
    key: UUID
    patient: UUID
    copies: UUID | None


def _draw(asked: Sample, site: Site, by: User, seed: int) -> list[UUID]:
    if asked.size > MOST_CASES:
        raise StudyRefused("many-cases", most=MOST_CASES)
    known = Radiograph.objects.visible_to(by).kept().consented()
    known = known.filter(site=site, is_synthetic=False)
    wanted = {
        ResultOfTest.POSITIVE: asked.positives,
        ResultOfTest.NEGATIVE: asked.size - asked.positives,
    }
    drawn: list[_Film] = []
    for result, number in wanted.items():
        # Near-duplicates and patients of the first draw may be met again in the second.
        films = _smallest(known.filter(rt_pcr=result), number + 2 * len(drawn), seed)
        fresh = _unrelated(films, drawn)[:number]
        if len(fresh) < number:
            raise StudyRefused(f"few-{result}", found=len(fresh), wanted=number)
        drawn += fresh
    return [film.key for film in drawn]


def _smallest(radiographs: RadiographQuerySet, number: int, seed: int) -> list[_Film]:
    """One film of each of twice `number` patients: those whose keyed hashes are the smallest.

    A hash and not a shuffle, so that a million rows pass by and only some thousands are kept.
    """
    kept: dict[UUID, _Film] = {}
    for film in _films(radiographs, seed):
        before = kept.get(film.patient)
        if before is None or film.turn < before.turn:
            kept[film.patient] = film
        if len(kept) > 4 * number + 100:
            kept = _first(kept, 2 * number + 50)
    return list(_first(kept, 2 * number + 50).values())


def _first(films: Mapping[UUID, _Film], number: int) -> dict[UUID, _Film]:
    ordered = sorted(films.values(), key=lambda film: film.place)
    return {film.patient: film for film in ordered[:number]}


def _films(radiographs: RadiographQuerySet, seed: int) -> Iterator[_Film]:
    rows = radiographs.order_by().values_list("pk", "patient", "copy_group")
    for key, patient, copies in rows.iterator(chunk_size=MOST_CASES):
        yield _Film(_hashed(seed, patient), _hashed(seed, key), key, patient, copies)


def _hashed(seed: int, key: UUID) -> bytes:
    return sha256(f"{seed}:{key.hex}".encode()).digest()


def _unrelated(films: Sequence[_Film], drawn: Sequence[_Film]) -> list[_Film]:
    """Those of patients, and of groups of near-duplicates, that no other of them is of."""
    patients = {film.patient for film in drawn}
    groups = {film.copies for film in drawn}
    fresh = []
    for film in films:
        if film.patient in patients or (film.copies and film.copies in groups):
            continue
        groups.add(film.copies)
        fresh.append(film)
    return fresh
