"""Tables of metadata: sent, shown as a dry run, applied or thrown away; and one to fill in."""

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest
from images.errors import REFUSALS, http_status
from images.forms.tables import TableForm
from images.models import MetadataTable, TableKind, UploadBatch
from images.services import tables
from images.services.table_plan import OUTCOMES, Plan
from images.tables import TableRefused
from images.tables.template import SHEET, Sheet, csv_template, xlsx_template
from images.upload_handlers import check_received

PER_PAGE = 100
MISSING_SHOWN = 50
REFUSED_SHOWN = 500
TEMPLATES = {
    "csv": (csv_template, "text/csv; charset=utf-8"),
    "xlsx": (
        xlsx_template,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
}


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.ADD_RADIOGRAPHS)
def new(request: UserRequest) -> HttpResponse:
    batch = _batch_of(request)
    if request.method != "POST":
        return _new_page(request, TableForm(user=request.user, batch=batch))
    form = TableForm(request.POST, request.FILES, user=request.user, batch=batch)
    try:
        check_received(request)
        if not form.is_valid():
            return _new_page(request, form, status=400)
        table = tables.receive_table(**form.to_service())
    except REFUSALS as refusal:
        form.refuse(refusal)
        return _new_page(request, form, status=http_status(refusal))
    return redirect("images:table", table.pk)


def _batch_of(request: UserRequest) -> UploadBatch | None:
    """The batch in the address; one that is not the person's own looks like a missing one."""
    asked = request.GET.get("batch", "")
    if not asked:
        return None
    try:
        key = UUID(asked)
    except ValueError:
        raise Http404 from None
    own = UploadBatch.objects.changeable_by(request.user).select_related("site")
    return get_object_or_404(own, pk=key)


def _new_page(request: UserRequest, form: TableForm, status: int = 200) -> HttpResponse:
    context = {"form": form, "batch": form.batch}
    return render(request, "images/table_new.html", context, status=status)


@require_safe
@requires(Capability.ADD_RADIOGRAPHS)
def table(request: UserRequest, pk: UUID) -> HttpResponse:
    own = _own(request, pk)
    content = tables.content_of(own)
    if content is None:
        return render(request, "images/table_done.html", {"table": own})
    try:
        plan = _plan(request, own, content)
    except TableRefused as refusal:
        # What it was about is not there any more.
        context = {"table": own, "refusal": refusal}
        return render(request, "images/table.html", context, status=http_status(refusal))
    return render(request, "images/table.html", _context(request, own, plan))


@require_POST
@requires(Capability.ADD_RADIOGRAPHS)
def apply(request: UserRequest, pk: UUID) -> HttpResponse:
    own = _own(request, pk)
    content = tables.content_of(own)
    if content is None:
        return redirect("images:table", own.pk)
    try:
        plan = _plan(request, own, content)
    except TableRefused:
        return redirect("images:table", own.pk)
    applied = tables.apply_table(plan=plan, by=request.user, seconds=tables.APPLY_SECONDS)
    tables.note_applied(table=own, applied=applied)
    refused = [row for row in applied.plan.rows if row.outcome == "refused"]
    context = {"table": own, "left": applied.left, "rows": refused[:REFUSED_SHOWN]}
    return render(request, "images/table_done.html", context)


@require_POST
@requires(Capability.ADD_RADIOGRAPHS)
def discard(request: UserRequest, pk: UUID) -> HttpResponse:
    own = _own(request, pk)
    batch = own.batch
    tables.discard_table(table=own)
    return redirect(batch or "images:list")


@require_safe
@requires(Capability.ADD_RADIOGRAPHS)
def template(request: UserRequest, kind: str) -> HttpResponse:
    # Translators: the name of a file, without its extension.
    return template_answer(kind, SHEET, _("covid-xr-table"))


def template_answer(kind: str, sheet: Sheet, name: str) -> HttpResponse:
    """A table to fill in, as a download in the language of the person. Raises Http404."""
    if kind not in TEMPLATES:
        raise Http404
    make, content_type = TEMPLATES[kind]
    return HttpResponse(
        make(get_language() or "es", sheet),
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}.{kind}"'},
    )


def _own(request: UserRequest, pk: UUID) -> MetadataTable:
    own = MetadataTable.objects.visible_to(request.user).filter(kind=TableKind.METADATA)
    return get_object_or_404(own.select_related("site", "batch"), pk=pk)


def _plan(request: UserRequest, own: MetadataTable, content: bytes) -> Plan:
    return tables.plan_table(content=content, by=request.user, site=own.site, batch=own.batch)


def _context(request: UserRequest, own: MetadataTable, plan: Plan) -> dict[str, Any]:
    counts = plan.counts()
    show = request.GET.get("show", "")
    rows = [row for row in plan.rows if show not in OUTCOMES or row.outcome == show]
    return {
        "table": own,
        "counts": counts,
        "to_write": counts["created"] + counts["changed"],
        "show": show if show in OUTCOMES else "",
        "total": len(plan.rows),
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "ignored": plan.ignored,
        "missing": plan.missing[:MISSING_SHOWN],
        "missing_count": len(plan.missing),
    }
