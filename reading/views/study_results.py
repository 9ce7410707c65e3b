"""The figures of a study, and the whole of it as an archive."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone, translation
from django.views.decorators.http import require_safe

from accounts.audit import Way
from accounts.models import User
from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest
from reading.models import ReadingList
from reading.services.study_export import followed
from reading.studies import may_export, may_see_results, standing_of
from reading.study_rows import study_results
from reading.study_words import in_words

DISAGREEMENTS_SHOWN = 300


@require_safe
@requires(Capability.READ_CASES)
def results(request: UserRequest, pk: UUID) -> HttpResponse:
    """For who manages the study and does not read in it at any time, for all once it is closed."""
    study = _visible(request.user, pk)
    if not may_see_results(study, request.user):
        return render(request, "reading/study_blind.html", {"study": study}, status=403)
    found = study_results(study)
    context = {
        "study": study,
        "standing": standing_of(study),
        "words": in_words(study, found, request.user, DISAGREEMENTS_SHOWN),
        "results": found,
        "may_export": may_export(study, request.user),
        "shown": DISAGREEMENTS_SHOWN,
    }
    return render(request, "reading/study_results.html", context)


@require_safe
@requires(Capability.MANAGE_STUDIES)
def export(request: UserRequest, pk: UUID) -> HttpResponseBase:
    study = _visible(request.user, pk)
    return archive_response(study, request.user, Way.PAGE)


def archive_response(study: ReadingList, by: User, way: Way) -> StreamingHttpResponse:
    """The archive, made when its first byte is asked for. Raises PermissionDenied."""
    if not may_export(study, by):
        raise PermissionDenied
    language = translation.get_language()
    name = f"covid-xr-study-{timezone.localdate():%Y-%m-%d}-{study.pk.hex[:8]}.zip"
    return StreamingHttpResponse(
        followed(study=study, by=by, way=way, language=language),
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _visible(user: User, pk: UUID) -> ReadingList:
    visible = ReadingList.objects.visible_to(user).studies()
    return get_object_or_404(visible.select_related("site", "target"), pk=pk)
