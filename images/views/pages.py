"""Upload, detail and corrections."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest
from images import services
from images.audited import saw
from images.errors import REFUSALS, Refused, http_status
from images.forms.radiographs import EditForm, UploadForm
from images.models import Radiograph
from images.pseudonyms import sees_patient_codes
from images.services import StoredRadiograph
from images.truth_history import truths_of
from images.upload_handlers import check_received


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.ADD_RADIOGRAPHS)
def upload(request: UserRequest) -> HttpResponse:
    if request.method != "POST":
        return _upload_page(request, UploadForm(user=request.user))
    form = UploadForm(request.POST, request.FILES, user=request.user)
    try:
        check_received(request)
        if not form.is_valid():
            return _upload_page(request, form, status=400)
        stored = services.store_radiograph(**form.to_service())
    except REFUSALS as refusal:
        form.refuse(refusal)
        return _upload_page(request, form, status=http_status(refusal))
    return _to_stored(request, stored, form.cleaned_data["patient_code"])


def _upload_page(request: UserRequest, form: UploadForm, status: int = 200) -> HttpResponse:
    return render(request, "images/upload.html", {"form": form}, status=status)


def _to_stored(
    request: UserRequest, stored: StoredRadiograph, patient_code: str
) -> HttpResponseRedirect:
    kept_for = stored.radiograph.patient.code
    if stored.created:
        messages.success(request, _("The radiograph is stored."))
    elif kept_for == patient_code:
        messages.warning(request, _("This radiograph was here already: nothing was added."))
    else:
        messages.warning(
            request,
            _(
                "This radiograph was here already, for the patient %(code)s: nothing was added. "
                "Check the patient code."
            )
            % {"code": kept_for},
        )
    return redirect(stored.radiograph)


@require_safe
@requires(Capability.VIEW_RADIOGRAPHS)
def detail(request: UserRequest, pk: UUID) -> HttpResponse:
    visible = Radiograph.objects.visible_to(request.user).with_current_truths()
    radiograph = get_object_or_404(visible, pk=pk)
    saw(radiograph, request.user)
    editable = Radiograph.objects.editable_by(request.user)
    context = {
        "radiograph": radiograph,
        "truths": truths_of(radiograph),
        "can_edit": editable.filter(pk=radiograph.pk).exists(),
        "sees_codes": sees_patient_codes(request.user),
    }
    return render(request, "images/detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.EDIT_RADIOGRAPHS)
def edit(request: UserRequest, pk: UUID) -> HttpResponse:
    own = Radiograph.objects.editable_by(request.user).kept().select_related("patient", "site")
    radiograph = get_object_or_404(own, pk=pk)
    data = request.POST if request.method == "POST" else None
    form = EditForm(data, initial=EditForm.facts_of(radiograph))
    if form.is_valid():
        try:
            services.edit(radiograph=radiograph, changes=form.to_changes(), by=request.user)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("The changes are stored."))
            return redirect(radiograph)
    context = {"form": form, "radiograph": radiograph}
    return render(request, "images/edit.html", context, status=400 if form.errors else 200)
