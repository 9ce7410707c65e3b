"""Writing in the picture: what is suspected, and a person's verdict on it."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest
from images import services
from images.audited import saw
from images.burned_in import cuttings
from images.errors import Refused, StorageFull, http_status
from images.forms.writing import Boxes, ChosenForm, VerdictForm, boxes_form
from images.models import Radiograph
from images.models.radiograph import RadiographQuerySet
from images.serving import Served, made_bytes
from images.stored import pixels_of

PER_PAGE = 12


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.EDIT_RADIOGRAPHS)
def listing(request: UserRequest) -> HttpResponse:
    """Those that wait for a verdict, oldest first; several that name nobody at once."""
    waiting = _suspected(request)
    form = ChosenForm(request.POST if request.method == "POST" else None, radiographs=waiting)
    if form.is_valid():
        chosen = form.cleaned_data["chosen"]
        settled = sum(services.names_nobody(radiograph=each, by=request.user) for each in chosen)
        messages.success(request, _settled(settled))
        return redirect("images:writing")
    rows = waiting.select_related("patient", "site", "uploader").order_by("created_at", "pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    status = 400 if form.errors else 200
    return render(request, "images/writing.html", {"page": page, "form": form}, status=status)


@require_safe
@requires(Capability.EDIT_RADIOGRAPHS)
def cutting(request: UserRequest, pk: UUID) -> HttpResponseBase:
    """What was found, cut out of the film."""
    radiograph = get_object_or_404(_editable(request), pk=pk)
    saw(radiograph, request.user)
    version = f"{radiograph.pixel_sha256} {radiograph.updated_at.isoformat()}"
    served = Served("image/png", f"{radiograph.pk}.png", version)
    try:
        return made_bytes(
            request, lambda: cuttings(pixels_of(radiograph), radiograph.text_boxes), served
        )
    except FileNotFoundError:
        raise Http404 from None


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.EDIT_RADIOGRAPHS)
def review(request: UserRequest, pk: UUID) -> HttpResponse:
    """One film with its boxes: it names nobody, or the boxes are covered for good."""
    radiograph = get_object_or_404(_editable(request).select_related("patient", "site"), pk=pk)
    if request.method != "POST":
        saw(radiograph, request.user)
        return _review_page(request, radiograph, boxes_form(radiograph))
    verdict = VerdictForm(request.POST)
    if not verdict.is_valid():
        raise BadRequest
    if verdict.cleaned_data["verdict"] == "harmless":
        services.names_nobody(radiograph=radiograph, by=request.user)
        messages.success(request, _settled(1))
        return _onwards(request, radiograph)
    return _cover(request, radiograph, boxes_form(radiograph, request.POST))


def _cover(request: UserRequest, radiograph: Radiograph, boxes: Boxes) -> HttpResponse:
    if not boxes.is_valid():
        return _review_page(request, radiograph, boxes, status=400)
    if not boxes.chosen():
        refusal = _("Draw at least one box around what is written.")
        return _review_page(request, radiograph, boxes, refusal, 400)
    try:
        services.cover(radiograph=radiograph, boxes=boxes.chosen(), by=request.user)
    except (Refused, StorageFull) as problem:
        refusal = str(problem.sentence)
        return _review_page(request, radiograph, boxes, refusal, http_status(problem))
    except FileNotFoundError:
        raise Http404 from None
    messages.success(request, _("It is covered. A prediction of the new picture is on its way."))
    return _onwards(request, radiograph)


def _review_page(
    request: UserRequest, radiograph: Radiograph, boxes: Boxes, refusal: str = "", status: int = 200
) -> HttpResponse:
    context = {"radiograph": radiograph, "boxes": boxes, "refusal": refusal}
    return render(request, "images/writing_review.html", context, status=status)


def _onwards(request: UserRequest, radiograph: Radiograph) -> HttpResponse:
    """To the next one of a person who works down the list, else back to the radiograph."""
    following = _suspected(request).exclude(pk=radiograph.pk).order_by("created_at", "pk").first()
    if following is None or "next" not in request.POST:
        return redirect(radiograph)
    return redirect("images:writing_review", following.pk)


def _editable(request: UserRequest) -> RadiographQuerySet:
    return Radiograph.objects.editable_by(request.user).kept()


def _suspected(request: UserRequest) -> RadiographQuerySet:
    return Radiograph.objects.editable_by(request.user).suspected()


def _settled(number: int) -> str:
    return ngettext(
        "%(number)d radiograph was looked at: it names nobody.",
        "%(number)d radiographs were looked at: they name nobody.",
        number,
    ) % {"number": number}
