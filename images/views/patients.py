"""Patients: the list, one patient's studies, merging two, and consent."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest
from images import services, timeline
from images.audited import saw_patient
from images.errors import Refused
from images.forms.patients import ConsentForm, MergeForm, OtherPatientForm, PatientSearchForm
from images.models import Patient, Radiograph
from images.models.patient import PatientQuerySet
from images.services.merging import preview

PER_PAGE = 50
FILMS_PER_PAGE = 48


@require_safe
@requires(Capability.ADD_RADIOGRAPHS)
def listing(request: UserRequest) -> HttpResponse:
    """By code, page after page from the last row seen: as fast at the end as at the beginning."""
    form = PatientSearchForm(request.GET)
    visible = Patient.objects.visible_to(request.user)
    rows = list(_asked_for(visible, form)[: PER_PAGE + 1])
    patients = rows[:PER_PAGE]
    studies = timeline.counts(patients)
    context = {
        "form": form,
        "rows": [(patient, studies.get(patient.pk, 0)) for patient in patients],
        "next": patients[-1].pk if len(rows) > PER_PAGE else None,
        "is_first": not form.data.get("after"),
    }
    return render(request, "images/patients.html", context)


def _asked_for(visible: PatientQuerySet, form: PatientSearchForm) -> PatientQuerySet:
    ordered = visible.select_related("site").order_by("code", "pk")
    if not form.is_valid():
        return ordered.none()
    code, after = form.cleaned_data["code"].strip(), form.cleaned_data["after"]
    found = ordered.code_beginning(code) if code else ordered
    last = visible.filter(pk=after).first() if after else None
    if last is None:
        return found
    return found.filter(Q(code__gt=last.code) | Q(code=last.code, pk__gt=last.pk))


@require_safe
@requires(Capability.ADD_RADIOGRAPHS)
def patient(request: UserRequest, pk: UUID) -> HttpResponse:
    shown = _visible(request, pk)
    saw_patient(shown, request.user)
    radiographs = Radiograph.objects.visible_to(request.user).kept().filter(patient=shown)
    ordered = timeline.in_order_of_days(radiographs.with_current_truths())
    page = Paginator(ordered, FILMS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "patient": shown,
        "page": page,
        "studies": timeline.studies(page.object_list),
        "merges": shown.merges.select_related("merged_by"),
        "sees_codes": True,
    }
    return render(request, "images/patient.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.MANAGE_PATIENTS)
def merge(request: UserRequest, pk: UUID) -> HttpResponse:
    """First the other code is asked for, then shown what would happen, then it is done."""
    kept = _visible(request, pk)
    if request.method == "POST" and "other" in request.POST:
        return _merged(request, kept)
    others = Patient.objects.visible_to(request.user).filter(site=kept.site).exclude(pk=kept.pk)
    if "other" in request.GET:
        return _preview_page(request, kept, MergeForm(initial={"other": request.GET["other"]}))
    form = OtherPatientForm(request.POST or None, patients=others)
    if form.is_valid():
        address = reverse("images:patient_merge", args=[kept.pk])
        return redirect(f"{address}?other={form.cleaned_data['code'].pk}")
    context = {"patient": kept, "form": form}
    status = 400 if form.errors else 200
    return render(request, "images/patient_merge.html", context, status=status)


def _merged(request: UserRequest, kept: Patient) -> HttpResponse:
    form = MergeForm(request.POST)
    if not form.is_valid():
        raise BadRequest
    absorbed = _visible(request, form.cleaned_data["other"])
    try:
        done = services.merge_patients(
            kept=kept, absorbed=absorbed, merged_by=request.user, sex=form.cleaned_data["sex"]
        )
    except Refused as refusal:
        form.refuse(refusal)
        return _preview_page(request, kept, form)
    sentence = _("%(code)s is part of this patient now.") % {"code": done.absorbed_code}
    messages.success(request, sentence)
    return redirect("images:patient", kept.pk)


def _preview_page(request: UserRequest, kept: Patient, form: MergeForm) -> HttpResponse:
    try:
        other = UUID(str(form["other"].value()))
        found = preview(kept=kept, absorbed=_visible(request, other))
    except (ValueError, Refused):
        raise BadRequest from None
    context = {"patient": kept, "form": form, "preview": found}
    status = 400 if form.errors else 200
    return render(request, "images/patient_merge_confirm.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.MANAGE_PATIENTS)
def consent(request: UserRequest, pk: UUID) -> HttpResponse:
    """Note that the consent was withdrawn, or that it was given again."""
    shown = _visible(request, pk)
    if request.method != "POST":
        return render(request, "images/patient_consent.html", {"patient": shown})
    form = ConsentForm(request.POST)
    if not form.is_valid():
        raise BadRequest
    if form.cleaned_data["is_withdrawn"]:
        services.withdraw_consent(patient=shown, by=request.user)
        messages.success(request, _("It is noted that the consent was withdrawn."))
    else:
        services.give_consent_again(patient=shown, by=request.user)
        messages.success(request, _("It is noted that the consent was given again."))
    return redirect("images:patient", shown.pk)


def _visible(request: UserRequest, pk: UUID) -> Patient:
    visible = Patient.objects.visible_to(request.user)
    return get_object_or_404(visible.select_related("site", "consent_withdrawn_by"), pk=pk)
