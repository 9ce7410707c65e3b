"""Columns of the list, and which of them a person wants to see."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from images.models import ListLayout
from images.pseudonyms import sees_patient_codes

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SIZES: Final = (24, 50, 100, 200)


@dataclass(frozen=True)
class Column:
    """`sorts`: the order that its head asks for; `for_staff`: it tells of patients or staff."""

    name: str
    label: "StrOrPromise"
    sorts: str = ""
    for_staff: bool = False


COLUMNS: Final = {
    column.name: column
    for column in (
        Column("picture", _("Radiograph")),
        Column("patient", _("Patient"), "patient"),
        Column("date", _("Date"), "date"),
        Column("result", _("Test result"), "result"),
        Column("prediction", _("Prediction")),
        Column("uploader", _("Uploaded by"), for_staff=True),
        Column("age", _("Age"), "age"),
        Column("sex", _("Sex")),
        Column("view", pgettext_lazy("radiograph", "View")),
        Column("upload", _("Uploaded"), "upload"),
        Column("assigned", _("Assigned to"), for_staff=True),
        Column("source", _("Source")),
        Column("own_id", _("Own id"), for_staff=True),
        Column("format", _("File format")),
    )
}
USUAL: Final = ("picture", "patient", "date", "result", "prediction", "uploader")


@dataclass(frozen=True)
class Layout:
    columns: list[Column]
    per_page: int


def columns_for(user: User) -> list[Column]:
    """All that a person may choose from."""
    staff = sees_patient_codes(user)
    return [column for column in COLUMNS.values() if staff or not column.for_staff]


def layout_of(user: User) -> Layout:
    """What the person chose, or what people see who never chose."""
    kept = ListLayout.objects.filter(owner=user).first()
    wanted = kept.columns if kept and kept.columns else USUAL
    allowed = {column.name: column for column in columns_for(user)}
    columns = [allowed[name] for name in wanted if name in allowed]
    return Layout(columns, kept.per_page if kept else SIZES[0])


def keep_layout(*, owner: User, columns: list[str], per_page: int) -> None:
    ListLayout.objects.update_or_create(
        owner=owner, defaults={"columns": columns, "per_page": per_page}
    )
