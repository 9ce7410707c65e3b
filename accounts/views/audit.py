"""The record of deeds: who saw, entered, changed, exported or removed what."""

from typing import Final
from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.audit_export import WRITERS, exported
from accounts.audit_filters import AuditFilter
from accounts.audit_reading import told
from accounts.models import AuditEntry
from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest

PER_PAGE: Final = 50


@require_safe
@requires(Capability.READ_AUDIT)
def listing(request: UserRequest) -> HttpResponse:
    """Newest first, page after page from the last row seen: as fast at the end as at the start."""
    chosen = _chosen(request)
    problems = [] if chosen.is_valid() else [_("Some filters are not valid: correct them.")]  # type: ignore[no-untyped-call]
    last = _last_seen(request)
    if request.GET.get("after") and last is None:
        problems.append(_("This page does not exist: begin again at the first one."))
    entries = AuditEntry.objects.none() if problems else chosen.after(last)
    rows = list(entries.select_related("actor", "site")[: PER_PAGE + 1])
    context = {
        "filter": chosen,
        "problems": problems,
        "rows": told(rows[:PER_PAGE]),
        "next": rows[PER_PAGE - 1].pk if len(rows) > PER_PAGE else None,
        "is_first": last is None,
        "kinds": list(WRITERS),
    }
    return render(request, "accounts/audit.html", context, status=400 if problems else 200)


@require_safe
@requires(Capability.READ_AUDIT)
def export(request: UserRequest, kind: str) -> StreamingHttpResponse:
    """What the filters of the address match, as a file; noted in the record itself."""
    if kind not in WRITERS:
        raise Http404
    chosen = _chosen(request)
    if not chosen.is_valid():  # type: ignore[no-untyped-call]
        raise BadRequest
    content = exported(chosen, kind=kind, by=request.user)
    name = f"covid-xr-audit-{timezone.localdate():%Y-%m-%d}.{kind}"
    return StreamingHttpResponse(
        content,
        content_type=WRITERS[kind][0],
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
        },
    )


def _chosen(request: UserRequest) -> AuditFilter:
    visible = AuditEntry.objects.visible_to(request.user)
    return AuditFilter(request.GET, visible, request=request)


def _last_seen(request: UserRequest) -> AuditEntry | None:
    try:
        key = UUID(request.GET.get("after", ""))
    except ValueError:
        return None
    return AuditEntry.objects.visible_to(request.user).filter(pk=key).first()
