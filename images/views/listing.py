"""The list of radiographs: filters, order, pages, how many there are, and its columns."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest
from images import bulk
from images.columns import SIZES, Layout, keep_layout, layout_of
from images.filters import RadiographFilter
from images.forms.lists import LayoutForm, SavedFilterForm
from images.models import Radiograph, SavedFilter
from images.ordering import (
    LABELS,
    NEWEST,
    NEWEST_OF_DAYS,
    Order,
    Page,
    UnknownOrder,
    order_named,
    page_of,
    words_for,
)
from images.pseudonyms import sees_patient_codes
from images.queries import BadQuery, text_of

# The filters that are not folded away.
ALWAYS_SHOWN: Final = {"q", "rt_pcr", "site"}
# Above it nobody wants to know the number, and counting would read the whole table.
COUNTED: Final = 10_000
# Ids in one address: servers refuse lines of more than four thousand letters.
BADGES_IN_ONE_REQUEST: Final = 50


@dataclass(frozen=True)
class Asked:
    """What an address asks for; `problems` are sentences about what it asks for in vain."""

    filter: RadiographFilter
    order: Order | None
    size: int
    after: Radiograph | None
    before: Radiograph | None
    problems: list[str]

    @property
    def page(self) -> Page:
        if self.problems or self.order is None:
            return Page([], None, None)
        return page_of(
            self.filter.qs, self.order, size=self.size, after=self.after, before=self.before,
            within=self.within(self.order),
        )  # fmt: skip

    def within(self, order: Order) -> Q | None:
        if order.name != "date":
            return None
        given = self.filter.form.cleaned_data
        days = {"gte": given["date_from"], "lte": given["date_to"]}
        return Q(**{f"acquired_on__{sign}": day for sign, day in days.items() if day})


@require_safe
@requires(Capability.VIEW_RADIOGRAPHS)
def listing(request: UserRequest) -> HttpResponse:
    layout = layout_of(request.user)
    asked = _asked(request, layout)
    page = asked.page
    context = {
        "page": page,
        "filter": asked.filter,
        "problems": asked.problems,
        "folds_out": _folds_out(request, asked.filter),
        "sees_codes": sees_patient_codes(request.user),
        "columns": layout.columns,
        "orders": [(word, LABELS[word]) for word in words_for(request.user)],
        "order": asked.order.word if asked.order else NEWEST,
        "sort": request.GET.get("sort", ""),
        "sizes": SIZES,
        "size": asked.size,
        "number": len(page.rows) if page.is_all else None,
        "badges": _slices([row.pk for row in page.rows]),
        "verbs": [] if asked.problems else bulk.verbs_for(request.user),
        **_about_saving(request, asked),
    }
    return render(request, "images/list.html", context, status=400 if asked.problems else 200)


@require_safe
@requires(Capability.VIEW_RADIOGRAPHS)
def more_filters(request: UserRequest) -> HttpResponse:
    """The fields that are folded away, a piece for htmx: few lists need them."""
    chosen = RadiographFilter(request.GET, Radiograph.objects.none(), request=request)
    return render(request, "images/_more_filters.html", {"form": chosen.form})


@require_safe
@requires(Capability.VIEW_RADIOGRAPHS)
def count(request: UserRequest) -> HttpResponse:
    """How many match: exact up to a limit. A piece for htmx, so that no list waits for it."""
    asked = _asked(request, layout_of(request.user))
    if asked.problems:
        return HttpResponse(status=400)
    number = asked.filter.qs.order_by()[: COUNTED + 1].count()
    context = {"number": min(number, COUNTED), "is_more": number > COUNTED}
    return render(request, "images/_count.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.VIEW_RADIOGRAPHS)
def layout(request: UserRequest) -> HttpResponse:
    """Which columns, in which order, how many rows."""
    form = LayoutForm(request.POST if request.method == "POST" else None, user=request.user)
    if form.is_valid():
        keep_layout(
            owner=request.user,
            columns=form.to_columns(),
            per_page=form.cleaned_data["per_page"],
        )
        messages.success(request, _("The list looks as you chose."))
        return redirect("images:list")
    return render(request, "images/layout.html", {"form": form}, status=400 if form.errors else 200)


def _asked(request: UserRequest, layout: Layout) -> Asked:
    visible = Radiograph.objects.visible_to(request.user)
    chosen = RadiographFilter(request.GET, visible.kept(), request=request)
    problems = []
    if not chosen.is_valid():  # type: ignore[no-untyped-call]
        problems.append(_("Some filters are not valid: correct them, and the list comes back."))
    order = None
    try:
        order = order_named(request.GET.get("sort") or _usual_order(chosen), request.user)
    except UnknownOrder:
        problems.append(_("The list cannot be sorted like that."))
    size = request.GET.get("per_page") or str(layout.per_page)
    if size not in map(str, SIZES):
        problems.append(_("A page has 24, 50, 100 or 200 rows."))
    anchors = {name: _anchor(request, name) for name in ("after", "before")}
    if any(request.GET.get(name) and not anchor for name, anchor in anchors.items()):
        problems.append(_("This page does not exist any more: begin again at the first one."))
    rows = SIZES[0] if problems else int(size)
    return Asked(chosen, order, rows, anchors["after"], anchors["before"], problems)


def _usual_order(chosen: RadiographFilter) -> str:
    days = {"date_from", "date_to"} & set(chosen.form.changed_data)
    return NEWEST_OF_DAYS if days else NEWEST


def _folds_out(request: UserRequest, chosen: RadiographFilter) -> bool:
    """One of the folded filters is in force, or somebody without htmx asks for them."""
    return "more" in request.GET or bool(set(chosen.form.changed_data) - ALWAYS_SHOWN)


def _anchor(request: UserRequest, name: str) -> Radiograph | None:
    """The radiograph that names a page; it may have gone to the trash meanwhile."""
    try:
        key = UUID(request.GET.get(name, ""))
    except ValueError:
        return None
    visible = Radiograph.objects.visible_to(request.user)
    return visible.filter(pk=key).select_related("patient").first()


def _slices(keys: list[UUID]) -> list[list[UUID]]:
    starts = range(0, len(keys), BADGES_IN_ONE_REQUEST)
    return [keys[start : start + BADGES_IN_ONE_REQUEST] for start in starts]


def _about_saving(request: UserRequest, asked: Asked) -> dict[str, object]:
    """The filters in force as text, and those kept under a name."""
    try:
        query = "" if asked.problems else text_of(asked.filter, request.GET, request.user)
    except BadQuery:
        query = ""
    saved = SavedFilter.objects.visible_to(request.user)
    return {
        "query": query,
        "saved_filters": saved.select_related("owner"),
        "save_form": SavedFilterForm(owner=request.user),
    }
