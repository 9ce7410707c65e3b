"""Which confirmed cases a person is shown beside a radiograph.

The index proposes by likeness, the database decides at the time of asking: trashed, withdrawn,
corrected or newly hidden cases are never shown, however late the index is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Site, User
from accounts.roles import Role
from core.jobs import JobStatus
from images.models import GroundTruth, Radiograph
from images.models.radiograph import RadiographQuerySet
from inference.models import Prediction
from inference.reasons import NOT_FRONTAL, sentence_of
from inference.similar.case_index import Vectors, opened
from inference.similar.kinds import Kind, live_kinds

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# From here on it is the same film, saved again or uploaded elsewhere under another code, and no
# case of its own: JPEG copies of quality 75 and copies of half the size reach 0.996 and more, two
# films of one patient 0.952, films of two patients 0.920 (24, 50 and 110 development films).
COPY: Final = 0.99
# Of all pairs of patients among those films 1 in 1000 reaches the first level, 1 in 10 the second,
# 1 in 2 the third.
LEVELS: "tuple[tuple[float, StrOrPromise], ...]" = (
    (0.90, _("Very similar")),
    (0.82, _("Similar")),
    (0.75, _("Somewhat similar")),
)
BELOW_ALL: "StrOrPromise" = _("Hardly similar")
LARGEST_WINDOW: Final = 1000

NO_FEATURES, NO_CASES = "no-features", "no-cases"
SENTENCES: "dict[str, StrOrPromise]" = {
    NO_FEATURES: _("The network has not looked at this radiograph yet."),
    NO_CASES: _("There is no confirmed case yet that could be compared with this radiograph."),
    NOT_FRONTAL: sentence_of(NOT_FRONTAL),
}


@dataclass(frozen=True)
class SimilarCase:
    """`similarity` is a cosine, -1..1; `truths` are current and known, of active targets."""

    radiograph: Radiograph
    similarity: float
    truths: list[GroundTruth]

    @property
    def in_words(self) -> "StrOrPromise":
        reached = (words for level, words in LEVELS if self.similarity >= level)
        return next(reached, BELOW_ALL)


@dataclass(frozen=True)
class SimilarCases:
    """The nearest first; `reason` is a code that says why there are none, else empty."""

    cases: list[SimilarCase]
    reason: str = ""

    @property
    def has_features(self) -> bool:
        """False while the network has not looked at the radiograph that was asked about."""
        return self.reason != NO_FEATURES

    @property
    def sentence(self) -> "StrOrPromise":
        return SENTENCES.get(self.reason, "")


def similar_cases(*, radiograph: Radiograph, viewer: User, limit: int = 6) -> SimilarCases:
    """At most `limit` confirmed cases that `viewer` may see, by cosine of pooled features.

    Never of the same patient, never a copy of the film itself, nothing that the gate stopped; drawn
    (synthetic) cases only beside drawn ones. `radiograph` needs no ground truth, and must be one
    that the viewer may see.
    """
    if Radiograph.objects.filter(_is_stopped(), pk=radiograph.pk).exists():
        return SimilarCases([], NOT_FRONTAL)
    asked = _features_of(radiograph)
    if asked is None:
        return SimilarCases([], NO_FEATURES)
    kind, query = asked
    index = opened(kind.path)
    if index is None:
        return SimilarCases([], NO_CASES)
    nearest = index.nearest(
        query, below=COPY, but_patient=radiograph.patient_id, sites=_sites_of(viewer)
    )
    cases = list(islice(_decided(_showable(radiograph, viewer), nearest, 2 * limit), limit))
    return SimilarCases(cases, "" if cases else NO_CASES)


def _features_of(radiograph: Radiograph) -> tuple[Kind, Vectors] | None:
    """Pooled features of length 1, of the first kind in service that the radiograph has."""
    for kind in live_kinds():
        stored = kind.vectors().filter(pixel_sha256=radiograph.pixel_sha256)
        rows = kind.unit_rows([bytes(pooled) for pooled in stored.values_list("pooled", flat=True)])
        if rows.any():
            return kind, rows[0]
    return None


def _sites_of(viewer: User) -> list[UUID] | None:
    """Institutions that `visible_to` can show cases of; None: all.

    This decides nothing. It spares the database candidates that it would refuse.
    """
    if viewer.is_platform_wide:
        return None
    open_to_viewer = Q(pk=viewer.site_id)
    if viewer.role == Role.RESEARCHER:
        open_to_viewer |= Q(shares_with_researchers=True)
    return list(Site.objects.filter(open_to_viewer).values_list("pk", flat=True))


def _showable(radiograph: Radiograph, viewer: User) -> RadiographQuerySet:
    visible = Radiograph.objects.visible_to(viewer).kept().consented()
    # By key and one by one: SQLite would rather go through all that are kept than look up a dozen.
    rows = Radiograph.objects.filter(Exists(visible.filter(pk=OuterRef("pk"))))
    others = rows.exclude(_is_stopped()).exclude(patient=radiograph.patient_id)
    others = others.exclude(pixel_sha256=radiograph.pixel_sha256)
    return others.filter(is_synthetic=radiograph.is_synthetic).with_current_truths()


def _is_stopped() -> Q:
    """Of a radiograph: the gate stopped it, and nobody vouched for it since with an answer."""
    predictions = Prediction.objects.filter(radiograph=OuterRef("pk"))
    stopped = predictions.filter(status=JobStatus.FAILED, error_code=NOT_FRONTAL)
    return Exists(stopped) & ~Exists(predictions.filter(status=JobStatus.DONE))


def _decided(
    showable: RadiographQuerySet, nearest: Iterator[tuple[UUID, float]], window: int
) -> Iterator[SimilarCase]:
    """Those of `nearest` that the database lets pass, asked for in ever larger windows."""
    while candidates := dict(islice(nearest, window)):
        found = {row.pk: row for row in showable.filter(pk__in=candidates)}
        for key, similarity in candidates.items():
            truths = _known_truths(found[key]) if key in found else []
            if truths:
                yield SimilarCase(found[key], similarity, truths)
        window = min(4 * window, LARGEST_WINDOW)


def _known_truths(radiograph: Radiograph) -> list[GroundTruth]:
    current: list[GroundTruth] = radiograph.current_truths  # type: ignore[attr-defined]
    return [row for row in current if row.target_class is not None and row.target.is_active]
