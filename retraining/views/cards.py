"""The model card of a version as a file: Markdown, JSON or PDF."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from accounts import audit
from accounts.audit import Deed
from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest
from retraining.cards.facts import card_of
from retraining.cards.markdown import markdown_of
from retraining.cards.pdf import pdf_of
from retraining.models import ModelVersion


def _json_of(card: Mapping[str, Any]) -> str:
    return json.dumps(card, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


KINDS: "Final[dict[str, tuple[str, Callable[[Mapping[str, Any]], str | bytes]]]]" = {
    "md": ("text/markdown; charset=utf-8", markdown_of),
    "json": ("application/json", _json_of),
    "pdf": ("application/pdf", pdf_of),
}


@require_safe
@requires(Capability.MANAGE_MODELS)
def card(request: UserRequest, pk: UUID, kind: str) -> HttpResponse:
    """In the language of the person; JSON is the same in all."""
    rows = ModelVersion.objects.visible_to(request.user)
    version: ModelVersion = get_object_or_404(
        rows.select_related("target", "run", "snapshot"), pk=pk
    )
    if kind not in KINDS:
        raise Http404
    content_type, write = KINDS[kind]
    answer = HttpResponse(write(card_of(version)), content_type=content_type)
    name = f"{version.target.code}-{version.number}-card.{kind}"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    audit.note(
        actor=request.user, deed=Deed.EXPORTED, subject="model-card", subject_id=version.pk,
        after={"version": version.version, "format": kind},
    )  # fmt: skip
    return answer
