"""Models out of this installation and into it, and the keys of others that are trusted."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import STOP_POLLING, UserRequest
from images.errors import StorageFull, http_status
from inference.ml.errors import ArtifactRefused
from retraining import services
from retraining.forms.transfer import ImportForm, KeyForm
from retraining.models import ModelImport, ModelVersion, TrustedKey
from retraining.transfer.refusals import PackageRefused
from retraining.transfer.signing import fingerprint, own_public_key
from retraining.transfer.uploading import check_package_received, takes_packages
from retraining.transfer.words import line_of

SHOWN = 10


@require_safe
@requires(Capability.MANAGE_MODELS)
def export(request: UserRequest, pk: UUID) -> HttpResponseBase:
    rows = ModelVersion.objects.visible_to(request.user).select_related("target", "run", "snapshot")
    version: ModelVersion = get_object_or_404(rows, pk=pk)
    try:
        made = services.export_version(version=version, by=request.user)
    except (ArtifactRefused, OSError):
        messages.error(request, _("The files of this model are missing or damaged."))
        return redirect("retraining:version", version.pk)
    return FileResponse(
        made.content, as_attachment=True, filename=made.name, content_type="application/zip"
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.MANAGE_MODELS)
@takes_packages
def import_model(request: UserRequest) -> HttpResponse:
    if request.method != "POST":
        return _import_page(request, ImportForm())
    form = ImportForm(request.POST, request.FILES)
    try:
        check_package_received(request)
        if not form.is_valid():
            return _import_page(request, form, status=400)
        services.request_import(by=request.user, **form.to_service())
    except PackageRefused as refusal:
        form.refuse(refusal)
        return _import_page(request, form, status=400)
    except StorageFull as refusal:
        form.refuse(refusal)
        return _import_page(request, form, status=http_status(refusal))
    return redirect("retraining:import_model")


@require_safe
@requires(Capability.MANAGE_MODELS)
def import_state(request: UserRequest, pk: UUID) -> HttpResponse:
    """The piece about one offered file; it asks again by itself while the file is looked at."""
    rows = ModelImport.objects.visible_to(request.user).select_related("version")
    offered: ModelImport = get_object_or_404(rows, pk=pk)
    status = 200 if offered.is_open else STOP_POLLING
    context = {"line": line_of(offered)}
    return render(request, "retraining/_import.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.MANAGE_MODELS)
def keys(request: UserRequest) -> HttpResponse:
    if request.method != "POST":
        return _keys_page(request, KeyForm())
    form = KeyForm(request.POST)
    if not form.is_valid():
        return _keys_page(request, form, status=400)
    try:
        services.trust_key(by=request.user, **form.cleaned_data)
    except services.KeyKnown:
        form.refuse()
        return _keys_page(request, form, status=400)
    messages.success(request, _("The key is trusted: models that it signed are taken in."))
    return redirect("retraining:keys")


@require_POST
@requires(Capability.MANAGE_MODELS)
def key_delete(request: UserRequest, pk: UUID) -> HttpResponse:
    key = get_object_or_404(TrustedKey.objects.visible_to(request.user), pk=pk)
    services.distrust_key(key=key, by=request.user)
    messages.success(request, _("The key is not trusted any more. Models that are here stay."))
    return redirect("retraining:keys")


def _import_page(request: UserRequest, form: ImportForm, status: int = 200) -> HttpResponse:
    newest = ModelImport.objects.visible_to(request.user).select_related("version")
    lines = [line_of(offered) for offered in newest.order_by("-created_at", "-pk")[:SHOWN]]
    context = {"form": form, "lines": lines}
    return render(request, "retraining/import_model.html", context, status=status)


def _keys_page(request: UserRequest, form: KeyForm, status: int = 200) -> HttpResponse:
    known = TrustedKey.objects.visible_to(request.user).select_related("added_by")
    own = own_public_key()
    context: dict[str, Any] = {
        "form": form,
        "own": own,
        "own_fingerprint": fingerprint(own),
        "known": [(key, fingerprint(key.public_key)) for key in known],
    }
    return render(request, "retraining/keys.html", context, status=status)
