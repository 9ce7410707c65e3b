"""Near-duplicates by what the network sees: copies that the picture's own cosines do not show, such
as a stretched contrast. Compared are confirmed cases, which are what training divides.
"""

from typing import Final

from django.db.models import Exists, OuterRef

from images.models import Likeness, PictureSketch, Radiograph
from images.services.copies import Copy, join_found
from inference.similar.case_index import CaseIndex, Vectors, opened
from inference.similar.kinds import Kind, live_kinds
from inference.similar.upkeep import confirmed_cases

# Of 409,060 pairs of development films the likest two that are not the same film reach 0.967, the
# one pair that is reaches 0.993. Re-saves of quality 50 and half sizes reach 0.976 and more.
SAME: Final = 0.985
ABOVE_ALL: Final = 2.0
# A few seconds of work; the rest comes with the next beat.
AT_ONCE: Final = 100


def join_by_features() -> int:
    """Join confirmed cases that were not compared yet with their copies; returns how many were
    compared.

    To be called after the index was brought up to date: of two copies the one that is compared
    later finds the earlier in it. The patient's own films are left to their pictures.
    """
    return sum(_join(kind) for kind in live_kinds())


def _join(kind: Kind) -> int:
    index = opened(kind.path)
    if index is None:
        return 0
    vectors = kind.vectors().filter(pixel_sha256=OuterRef("pixel_sha256"))
    real = confirmed_cases().filter(is_synthetic=False)
    new = real.filter(Exists(vectors), sketch__features_compared=False)
    cases = list(new.order_by("pk").only("pk", "patient", "pixel_sha256")[:AT_ONCE])
    for case in cases:
        join_found(radiograph=case.pk, copies=_copies(kind, index, case), kind=Likeness.FEATURES)
        PictureSketch.objects.filter(pk=case.pk).update(features_compared=True)
    return len(cases)


def _copies(kind: Kind, index: CaseIndex, case: Radiograph) -> list[Copy]:
    query = _vector(kind, case)
    if query is None:
        return []
    nearest = index.nearest(query, below=ABOVE_ALL, but_patient=case.patient_id, sites=None)
    found: list[Copy] = []
    for key, cosine in nearest:
        if cosine < SAME:
            break
        found.append(Copy(key, 1 - cosine))
    real = Radiograph.objects.filter(pk__in=[copy.key for copy in found], is_synthetic=False)
    keys = set(real.values_list("pk", flat=True))
    return [copy for copy in found if copy.key in keys]


def _vector(kind: Kind, case: Radiograph) -> Vectors | None:
    stored = kind.vectors().filter(pixel_sha256=case.pixel_sha256)
    rows = kind.unit_rows([bytes(pooled) for pooled in stored.values_list("pooled", flat=True)])
    return rows[0] if rows.any() else None
