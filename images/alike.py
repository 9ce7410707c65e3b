"""Which copies of a radiograph a person is shown, and why they count as copies."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from images.models import CopyLink, Likeness, Radiograph

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MOST: Final = 12
REASONS: "Final[dict[str, StrOrPromise]]" = {
    Likeness.PERCEPTUAL: _("The same picture: saved again, resized, brightened or cropped"),
    Likeness.FEATURES: _("The network sees no difference"),
    "": _("A copy of one of the others"),
}


@dataclass(frozen=True)
class Alike:
    """`same_patient` is False where one picture stands under two patients: look at the codes."""

    radiograph: Radiograph
    reason: "StrOrPromise"
    same_patient: bool


def alike(*, radiograph: Radiograph, viewer: User) -> list[Alike]:
    """At most MOST members of its group that the viewer may see, the oldest first, no trash.

    Nothing tells that there are others: not even their number.
    """
    if radiograph.copy_group is None:
        return []
    visible = Radiograph.objects.visible_to(viewer).kept().exclude(pk=radiograph.pk)
    group = visible.filter(copy_group=radiograph.copy_group).select_related("patient", "site")
    rows = list(group.order_by("created_at", "pk")[:MOST])
    kinds = _kinds(radiograph, [row.pk for row in rows])
    return [
        Alike(row, REASONS[kinds.get(row.pk, "")], row.patient_id == radiograph.patient_id)
        for row in rows
    ]


def _kinds(radiograph: Radiograph, others: list[UUID]) -> dict[UUID, str]:
    links = CopyLink.objects.filter(
        Q(first=radiograph, second__in=others) | Q(second=radiograph, first__in=others)
    )
    # In the order of REASONS: what the picture itself shows comes first.
    found = sorted(links.order_by(), key=lambda link: link.kind != Likeness.FEATURES)
    return {
        link.second_id if link.first_id == radiograph.pk else link.first_id: link.kind
        for link in found
    }
