"""Orders of the list, and its pages: read from where the last one ended, never counted or skipped.

A page is named by a radiograph, so that no patient's code and no date stands in an address. Rows
without the value that is sorted by come last both ways.
"""

from dataclasses import dataclass
from typing import Any, Final, Self

from django.db.models import BooleanField, F, Func, Q, QuerySet, TextField, Value
from django.db.models.expressions import Combinable
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from images.models import Radiograph
from images.pseudonyms import sees_patient_codes


class UnknownOrder(Exception):
    """No such order, or none for this person."""


@dataclass(frozen=True)
class Order:
    """One way to sort. `field` is unique only together with the upload and the key."""

    name: str
    field: str
    is_nullable: bool = False
    descending: bool = False

    @property
    def fields(self) -> list[str]:
        return list(dict.fromkeys([self.field, "created_at", "id"]))

    @property
    def word(self) -> str:
        """As it stands in an address."""
        return f"-{self.name}" if self.descending else self.name

    def turned(self) -> Self:
        return type(self)(self.name, self.field, self.is_nullable, not self.descending)

    def value_of(self, radiograph: Radiograph) -> Any:
        return values_of(radiograph, [self.field])[0]


ORDERS: Final = {
    order.name: order
    for order in (
        Order("upload", "created_at"),
        Order("date", "acquired_on", is_nullable=True),
        Order("patient", "patient__code"),
        Order("age", "age_years", is_nullable=True),
        Order("result", "rt_pcr"),
    )
}
LABELS: Final = {
    "-upload": _("Newest upload first"),
    "upload": _("Oldest upload first"),
    "-date": _("Newest radiograph first"),
    "date": _("Oldest radiograph first"),
    "patient": _("Patient code, A to Z"),
    "-patient": _("Patient code, Z to A"),
    "age": _("Youngest first"),
    "-age": _("Oldest first"),
    "-result": _("Positive results first"),
    "result": _("Unknown results first"),
}
NEWEST: Final = "-upload"
# Where days are asked for, they are also sorted by: in the order of uploads the database would
# read all that came in since.
NEWEST_OF_DAYS: Final = "-date"


def words_for(user: User) -> list[str]:
    """The orders that a person may ask for: by code only those who see codes."""
    hidden = set() if sees_patient_codes(user) else {"patient", "-patient"}
    return [word for word in LABELS if word not in hidden]


def order_named(word: str, user: User) -> Order:
    """Raises UnknownOrder."""
    if word not in words_for(user):
        raise UnknownOrder
    order = ORDERS[word.removeprefix("-")]
    return order.turned() if word.startswith("-") else order


@dataclass(frozen=True)
class Page:
    """`before` and `after` name the pages around it by a radiograph, where there are any."""

    rows: list[Radiograph]
    before: Radiograph | None
    after: Radiograph | None

    @property
    def is_all(self) -> bool:
        return self.before is None and self.after is None


def page_of(
    radiographs: QuerySet[Radiograph],
    order: Order,
    *,
    size: int,
    after: Radiograph | None = None,
    before: Radiograph | None = None,
    within: Q | None = None,
) -> Page:
    """At most `size` rows behind `after`, in front of `before`, or the first ones.

    `within`: what the filters say of the sorted column alone, so that its index begins there.
    """
    if before is not None:
        keys = _keys(radiographs, order.turned(), size + 1, before, within, nulls_first=True)
        if len(keys) > size:
            rows = _rows(keys[:size])[::-1]
            return Page(rows, before=rows[0], after=rows[-1])
        after = None  # fewer than a page are left: the first page shows them, and more
    keys = _keys(radiographs, order, size + 1, after, within, nulls_first=False)
    rows = _rows(keys[:size])
    return Page(
        rows,
        before=rows[0] if rows and after is not None else None,
        after=rows[-1] if len(keys) > size else None,
    )


def _keys(
    radiographs: QuerySet[Radiograph],
    order: Order,
    wanted: int,
    anchor: Radiograph | None,
    within: Q | None,
    *,
    nulls_first: bool,
) -> list[Any]:
    """Keys alone, so that no join for the sake of a name changes how the database reads."""
    found: list[Any] = []
    parts = _parts(radiographs.order_by(), order, anchor, within, nulls_first=nulls_first)
    for part in parts:
        found += part.values_list("pk", flat=True)[: wanted - len(found)]
        if len(found) >= wanted:
            break
    return found


def _parts(
    radiographs: QuerySet[Radiograph],
    order: Order,
    anchor: Radiograph | None,
    within: Q | None,
    *,
    nulls_first: bool,
) -> list[QuerySet[Radiograph]]:
    """The rows with and without the sorted value, each read from its own stretch of the index."""
    with_value = _sorted(radiographs, order, order.fields)
    if not order.is_nullable:
        return [_past(with_value, order, order.fields, anchor)]
    with_value = with_value.filter(within or Q(), **{f"{order.field}__isnull": False})
    ties = ["created_at", "id"]
    without = _sorted(radiographs.filter(**{f"{order.field}__isnull": True}), order, ties)
    if anchor is None:
        return [with_value, without]
    if order.value_of(anchor) is None:
        rest = [with_value] if nulls_first else []
        return [_past(without, order, ties, anchor), *rest]
    rest = [] if nulls_first else [without]
    return [_past(with_value, order, order.fields, anchor), *rest]


def _sorted(
    radiographs: QuerySet[Radiograph], order: Order, fields: list[str]
) -> QuerySet[Radiograph]:
    if order.name == "patient":
        # Always true, and what lets the database read the patients of one institution in order.
        radiographs = radiographs.filter(patient__site=F("site"))
    sign = "-" if order.descending else ""
    return radiographs.order_by(*(f"{sign}{field}" for field in fields))


def _past(
    radiographs: QuerySet[Radiograph], order: Order, fields: list[str], anchor: Radiograph | None
) -> QuerySet[Radiograph]:
    if anchor is None:
        return radiographs
    values = values_of(anchor, fields)
    if "__" in fields[0]:
        # No index spans two tables: this condition lets that of the other one begin in its middle.
        bound = "lte" if order.descending else "gte"
        radiographs = radiographs.filter(**{f"{fields[0]}__{bound}": values[0]})
    sign = " < " if order.descending else " > "
    return radiographs.filter(_compared(fields, values, sign))


def _compared(fields: list[str], values: list[Any], sign: str) -> Func:
    """`(a, b, c) < (1, 2, 3)`: row by row, as indexes are ordered."""
    left: list[Combinable] = [F(field) for field in fields]
    right: list[Combinable] = [Value(value) for value in values]
    sides = [
        Func(*side, template="(%(expressions)s)", output_field=TextField())
        for side in (left, right)
    ]
    return Func(*sides, template="%(expressions)s", arg_joiner=sign, output_field=BooleanField())


def values_of(radiograph: Radiograph, fields: list[str]) -> list[Any]:
    found = []
    for field in fields:
        value: Any = radiograph
        for name in field.split("__"):
            value = getattr(value, name)
        found.append(value)
    return found


def _rows(keys: list[Any]) -> list[Radiograph]:
    wanted = Radiograph.objects.filter(pk__in=keys).for_list()
    rows = {row.pk: row for row in wanted}
    return [rows[key] for key in keys if key in rows]
