"""Results of a laboratory: sent, shown as a dry run, written or thrown away; and one to fill in."""

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest
from images.errors import REFUSALS, http_status
from images.forms.laboratory import LaboratoryForm, WritingForm
from images.models import MetadataTable, TableKind
from images.services.dry_runs import DryRun, dry_run_of
from images.services.laboratory import receive_results
from images.services.laboratory_rows import OUTCOMES
from images.services.laboratory_writing import NotAsked, apply_results
from images.services.tables import discard_table
from images.tables.laboratory import SHEET
from images.upload_handlers import check_received
from images.views.tables import template_answer

NOT_WRITTEN_SHOWN = 500


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.RECORD_TRUTH)
def new(request: UserRequest) -> HttpResponse:
    if request.method != "POST":
        return _new_page(request, LaboratoryForm(user=request.user))
    form = LaboratoryForm(request.POST, request.FILES, user=request.user)
    try:
        check_received(request)
        if not form.is_valid():
            return _new_page(request, form, status=400)
        table = receive_results(**form.to_service())
    except REFUSALS as refusal:
        form.refuse(refusal)
        return _new_page(request, form, status=http_status(refusal))
    return redirect("images:laboratory_table", table.pk)


def _new_page(request: UserRequest, form: LaboratoryForm, status: int = 200) -> HttpResponse:
    days = request.user.site.truth_days if request.user.site else None
    context = {"form": form, "days": days}
    return render(request, "images/laboratory_new.html", context, status=status)


@require_safe
@requires(Capability.RECORD_TRUTH)
def table(request: UserRequest, pk: UUID) -> HttpResponse:
    own = _own(request, pk)
    dry_run = dry_run_of(own)
    if dry_run is None:
        return render(request, "images/laboratory_done.html", {"table": own})
    return _page(request, own, dry_run, WritingForm(counts=dry_run.counts))


@require_POST
@requires(Capability.RECORD_TRUTH)
def apply(request: UserRequest, pk: UUID) -> HttpResponse:
    own = _own(request, pk)
    dry_run = dry_run_of(own)
    if dry_run is None:
        return redirect("images:laboratory_table", own.pk)
    form = WritingForm(request.POST, counts=dry_run.counts)
    if not form.is_valid():
        return _page(request, own, dry_run, form, status=400)
    asked = form.to_service()
    try:
        written = apply_results(table=own, by=request.user, asked=asked)
    except NotAsked as refusal:
        form.refuse(refusal.code, str(refusal.sentence))
        return _page(request, own, dry_run, form, status=http_status(refusal))
    context = {
        "table": own, "asked": asked, "left": written.left,
        "rows": written.rows[:NOT_WRITTEN_SHOWN], "not_written": len(written.rows),
    }  # fmt: skip
    return render(request, "images/laboratory_done.html", context)


@require_POST
@requires(Capability.RECORD_TRUTH)
def discard(request: UserRequest, pk: UUID) -> HttpResponse:
    discard_table(table=_own(request, pk))
    return redirect("images:laboratory")


@require_safe
@requires(Capability.RECORD_TRUTH)
def template(request: UserRequest, kind: str) -> HttpResponse:
    # Translators: the name of a file, without its extension.
    return template_answer(kind, SHEET, _("covid-xr-laboratory"))


def _own(request: UserRequest, pk: UUID) -> MetadataTable:
    own = MetadataTable.objects.visible_to(request.user).filter(kind=TableKind.LABORATORY)
    return get_object_or_404(own.select_related("site"), pk=pk)


def _page(
    request: UserRequest, own: MetadataTable, dry_run: DryRun, form: WritingForm, status: int = 200
) -> HttpResponse:
    """Refused rows and conflicts come first."""
    asked = request.GET.get("show", "")
    show = asked if asked in OUTCOMES else ""
    pages = dry_run.pages(*([show] if show else OUTCOMES))
    page = Paginator(pages, 1).get_page(request.GET.get("page"))
    counts = dry_run.counts
    context: dict[str, Any] = {
        "table": own,
        "counts": counts,
        "to_write": counts["created"] + counts["changed"],
        "total": dry_run.total,
        "show": show,
        "page": page,
        "rows": [row for parts in page.object_list for part in parts for row in dry_run.rows(part)],
        "ignored": dry_run.ignored,
        "form": form,
    }
    return render(request, "images/laboratory.html", context, status=status)
