"""Bulk actions: what will be done, doing it, watching it, stopping it, undoing it."""

from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import STOP_POLLING, UserRequest
from images.audited import note_download
from images.bulk import verbs
from images.bulk.reasons import sentence_of
from images.forms.bulk import BulkForm
from images.models import BulkAction, BulkChange, Export, Radiograph
from images.models.bulk import ChangeState
from images.services import bulk, exporting
from images.serving import Served, file_of

PER_PAGE: Final = 25
REFUSALS_SHOWN: Final = 200
ARCHIVE_GONE: Final = 410


@require_POST
@requires(Capability.VIEW_RADIOGRAPHS)
def new(request: UserRequest) -> HttpResponse:
    """How many, what exactly, and what else must be said: nothing begins yet."""
    form = BulkForm(request.POST, user=request.user)
    if not form.is_valid():
        return _back_to_list(request, form)
    return _confirmation(request, form, form.chosen_verb.form_class(user=request.user))


@require_POST
@requires(Capability.VIEW_RADIOGRAPHS)
def start(request: UserRequest) -> HttpResponse:
    form = BulkForm(request.POST, user=request.user)
    if not form.is_valid():
        return _back_to_list(request, form)
    said = form.chosen_verb.form_class(request.POST, user=request.user)
    if not said.is_valid():
        return _confirmation(request, form, said, status=400)
    action = bulk.start(**form.to_service(), parameters=said.to_parameters())
    return redirect("images:bulk_action", action.pk)


def _back_to_list(request: UserRequest, form: BulkForm) -> HttpResponse:
    """The list has the ticks and the verbs; here is only what was wrong."""
    return render(request, "images/bulk_refused.html", {"form": form}, status=400)


def _confirmation(
    request: UserRequest, form: BulkForm, said: Any, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "said": said,
        "verb": form.chosen_verb,
        "number": form.chosen().count(),
    }
    return render(request, "images/bulk_confirm.html", context, status=status)


@require_safe
@requires(Capability.VIEW_RADIOGRAPHS)
def actions(request: UserRequest) -> HttpResponse:
    """The person's own actions, newest first."""
    own = BulkAction.objects.visible_to(request.user).select_related("undoes", "undone_by")
    page = Paginator(own.order_by("-created_at", "-pk"), PER_PAGE).get_page(request.GET.get("page"))
    for action in page.object_list:
        _tell(action)
    return render(request, "images/bulk_list.html", {"page": page})


@require_safe
@requires(Capability.VIEW_RADIOGRAPHS)
def one(request: UserRequest, pk: UUID) -> HttpResponse:
    return render(request, "images/bulk.html", _about(request, pk))


@require_safe
@requires(Capability.VIEW_RADIOGRAPHS)
def progress(request: UserRequest, pk: UUID) -> HttpResponse:
    """The piece of the page that asks again by itself until the action has ended (286)."""
    context = _about(request, pk)
    status = 200 if context["action"].is_open else STOP_POLLING
    return render(request, "images/_bulk_progress.html", context, status=status)


@require_POST
@requires(Capability.VIEW_RADIOGRAPHS)
def cancel(request: UserRequest, pk: UUID) -> HttpResponse:
    action = _own(request, pk)
    if bulk.cancel(action=action):
        messages.success(request, _("Stopped. What was done so far stays done."))
    return redirect("images:bulk_action", action.pk)


@require_POST
@requires(Capability.VIEW_RADIOGRAPHS)
def undo(request: UserRequest, pk: UUID) -> HttpResponse:
    action = _own(request, pk)
    back = bulk.undo(action=action, by=request.user)
    if back is None:
        messages.warning(request, _("This cannot be undone (any more)."))
    return redirect("images:bulk_action", (back or action).pk)


@require_safe
@requires(Capability.EXPORT_CASES)
def archive(request: UserRequest, pk: UUID) -> HttpResponseBase:
    """An archive that an action made; 410 once it has expired or a case in it was withdrawn."""
    export = get_object_or_404(Export.objects.filter(owner=request.user), pk=pk)
    name = exporting.archive_of(export)
    if not name:
        return render(request, "images/bulk_expired.html", status=ARCHIVE_GONE)
    note_download(export, request.user)
    shown = f"covid-xr-cases-{export.created_at:%Y-%m-%d}-{export.pk.hex[:8]}.zip"
    served = Served("application/zip", shown, version=export.file_name, is_download=True)
    return file_of(request, Path(settings.EXPORTS_DIR), name, served)


def _first(rows: QuerySet[BulkChange]) -> list[BulkChange]:
    return list(rows.order_by("radiograph_id")[:REFUSALS_SHOWN])


def _tell(action: BulkAction) -> None:
    """Give the action the words that its pages show: `title`, `sentence` and `percent`."""
    verb = verbs()[action.verb]
    told = action.undoes or action
    action.title = verb.label  # type: ignore[attr-defined]
    action.sentence = verb.sentence(told.parameters)  # type: ignore[attr-defined]
    worked = action.done_count + action.refused_count
    action.worked = worked  # type: ignore[attr-defined]
    action.percent = 100 * worked // action.total if action.total else 0  # type: ignore[attr-defined]


def _own(request: UserRequest, pk: UUID) -> BulkAction:
    own = BulkAction.objects.visible_to(request.user).select_related("undoes", "undone_by")
    action: BulkAction = get_object_or_404(own, pk=pk)
    return action


def _about(request: UserRequest, pk: UUID) -> dict[str, Any]:
    action = _own(request, pk)
    _tell(action)
    refused = action.changes.filter(state=ChangeState.REFUSED)
    visible = Radiograph.objects.visible_to(request.user)
    shown = refused.filter(radiograph__in=visible).select_related("radiograph__patient")
    counts = refused.order_by().values_list("error_code").annotate(number=Count("pk"))
    return {
        "action": action,
        "reasons": [(sentence_of(code), number) for code, number in counts],
        "refused": [(row.radiograph, sentence_of(row.error_code)) for row in _first(shown)],
        "exports": action.exports.order_by("created_at"),
        "may_undo": bulk.may_undo(action),
        "failure": sentence_of(action.error_code) if action.status == "failed" else "",
    }
