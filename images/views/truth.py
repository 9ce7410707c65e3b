"""Ground truth: the page on which a person says what the confirming test said."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest
from images import services
from images.audited import saw
from images.errors import Refused
from images.forms.truth import TruthForm, expected_in, key_in
from images.models import GroundTruth, Radiograph, Target
from images.services import ChangedMeanwhile
from images.truth_history import statement_of

# What htmx puts into the page although it is an error.
UNPROCESSABLE, CONFLICT = 422, 409


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.RECORD_TRUTH)
def truth(request: UserRequest, pk: UUID) -> HttpResponse:
    visible = Radiograph.objects.visible_to(request.user).kept().select_related("patient", "site")
    radiograph = get_object_or_404(visible, pk=pk)
    saw(radiograph, request.user)
    forms = _forms(radiograph, request.POST if request.method == "POST" else None)
    # Each form is asked, so that all mistakes are shown at once.
    if request.method != "POST" or False in [form.is_valid() for form in forms]:
        return _page(request, radiograph, forms)
    try:
        _record(request, radiograph, forms)
    except ChangedMeanwhile as changed:
        return _conflict_page(request, radiograph, changed)
    except Refused as refusal:
        forms[0].add_error(None, str(refusal.sentence))
        return _page(request, radiograph, forms)
    messages.success(request, _("The result is stored."))
    address = radiograph.get_absolute_url()
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)


def _record(request: UserRequest, radiograph: Radiograph, forms: list[TruthForm]) -> None:
    words = {form.target.pk: expected_in(request.POST, form.target) for form in forms}
    services.record_truths(
        radiograph=radiograph,
        truths=[form.to_given() for form in forms if form.says_something],
        entered_by=request.user,
        # A form without the field says nothing of what was seen.
        expected={key: key_in(word) for key, word in words.items() if word is not None},
    )


def _forms(radiograph: Radiograph, data: Any) -> list[TruthForm]:
    rows = GroundTruth.objects.filter(radiograph=radiograph).select_related("target_class")
    current = {row.target_id: row for row in rows if row.is_current}
    said = {row.pk: row for row in rows}
    targets = Target.objects.filter(is_active=True).prefetch_related("classes")
    return [
        TruthForm(
            data,
            radiograph=radiograph,
            target=target,
            seen=_seen(data, target, said, current.get(target.pk)),
            current=current.get(target.pk),
        )
        for target in targets
    ]


def _seen(
    data: Any, target: Target, said: dict[UUID, GroundTruth], current: GroundTruth | None
) -> GroundTruth | None:
    """The statement that stood on the page that was sent. Raises BadRequest for one of another
    radiograph or target."""
    word = None if data is None else expected_in(data, target)
    if word is None:
        return current
    if not word:
        return None
    key = key_in(word)
    row = said.get(key) if key else None
    if row is None or row.target_id != target.pk:
        raise BadRequest
    return row


def _conflict_page(
    request: UserRequest, radiograph: Radiograph, changed: ChangedMeanwhile
) -> HttpResponse:
    """What was typed stays in the fields; to send it again is to state it on purpose."""
    data = request.POST.copy()
    for row in GroundTruth.objects.current().filter(radiograph=radiograph).select_related("target"):
        data[f"{row.target.code}-expected"] = str(row.pk)
    forms = _forms(radiograph, data)
    pairs = {current.target_id: (current, attempt) for current, attempt in changed.pairs}
    for form in forms:
        rows = pairs.get(form.target.pk, ())
        form.conflict = tuple(statement_of(radiograph, row) for row in rows)
    return _page(request, radiograph, forms, told=changed.sentence)


def _page(
    request: UserRequest,
    radiograph: Radiograph,
    forms: list[TruthForm],
    told: Promise | None = None,
) -> HttpResponse:
    """`told`: that another person was first."""
    status = CONFLICT if told else 200
    if any(form.errors for form in forms):
        status = UNPROCESSABLE if request.htmx else 400
    context = {"forms": forms, "radiograph": radiograph, "told": told}
    template = "images/_truth_form.html" if request.htmx else "images/truth.html"
    return render(request, template, context, status=status)
