"""What `promote` and `rollback` share: carrying an attempt out here and now, and telling its end.

Exit status: 0 done, 1 refused or failed, 2 there is no such version or target.
"""

import json
import time
from collections.abc import Callable
from typing import Any, Final

from django.core.management.base import CommandError, OutputWrapper
from django.utils.translation import gettext as _

from accounts.audit import Way, by_way
from core.jobs import JobStatus
from images.models import Target
from inference.models import DeployedModel
from retraining.models import ModelVersion, Promotion
from retraining.promotion.gate import RuleResult
from retraining.promotion.words import refusal_in_words, sentence_of
from retraining.services import GateClosed, PromotionRefused, work_on_promotion

# While another process has the attempt, or it rests.
LOOK_AGAIN_SECONDS: Final = 0.5
NOT_THERE: Final = 2


def target_named(code: str) -> Target:
    target = Target.objects.filter(code=code, is_active=True).first()
    if target is None:
        sentence = _("There is no target %(code)s.") % {"code": code}
        raise CommandError(sentence, returncode=NOT_THERE)
    return target


def version_named(name: str, target: str) -> ModelVersion:
    """By its name, or its number of `target`. Raises CommandError."""
    versions = ModelVersion.objects.select_related("target", "snapshot")
    if target:
        versions = versions.filter(target=target_named(target))
    found: list[ModelVersion] = list(versions.filter(version=name)[:2])
    if not found and target and name.isdigit():
        found = list(versions.filter(number=int(name)))
    if not found:
        sentence = _("There is no version %(version)s.") % {"version": name}
        raise CommandError(sentence, returncode=NOT_THERE)
    if len(found) > 1:
        sentence = _("More than one target has a version %(version)s: say --target.")
        raise CommandError(sentence % {"version": name}, returncode=NOT_THERE)
    return found[0]


def carry_out(
    request: Callable[[], Promotion], out: OutputWrapper, *, target: Target, as_json: bool
) -> None:
    """Ask, work until it has ended, and tell. Raises SystemExit(1) where it did not end as done."""
    with by_way(Way.COMMAND):
        try:
            promotion = request()
        except PromotionRefused as refused:
            out.write(_refusal(refused, target) if as_json else _in_words(refused))
            raise SystemExit(1) from None
        while promotion.is_open:
            may_go_on = work_on_promotion()
            promotion.refresh_from_db()
            if promotion.is_open and not may_go_on:
                time.sleep(LOOK_AGAIN_SECONDS)
    out.write(_ending(promotion) if as_json else _ended_in_words(promotion))
    if promotion.status != JobStatus.DONE:
        raise SystemExit(1)


def _ended_in_words(promotion: Promotion) -> str:
    if promotion.status == JobStatus.DONE and promotion.deployed is not None:
        return _("%(model)s: %(what)s.") % {
            "model": promotion.deployed, "what": sentence_of(promotion),
        }  # fmt: skip
    return "\n".join([sentence_of(promotion), *_sentences(promotion.verdict)])


def _in_words(refused: PromotionRefused) -> str:
    lines = [refusal_in_words(refused)]
    if isinstance(refused, GateClosed):
        lines += _sentences([result.to_dict() for result in refused.results])
    return "\n".join(lines)


def _sentences(verdict: list[dict[str, Any]]) -> list[str]:
    results = [RuleResult.from_dict(kept) for kept in verdict]
    return [f"- {result.sentence}" for result in results if not result.is_met]


def _ending(promotion: Promotion) -> str:
    return json.dumps(
        {
            "id": str(promotion.pk),
            "status": promotion.status,
            "error": promotion.error_code or None,
            "rules": promotion.verdict,
            **_serving(promotion.target),
        }
    )


def _refusal(refused: PromotionRefused, target: Target) -> str:
    rules = [result.to_dict() for result in getattr(refused, "results", [])]
    error = _code_of(refused)
    facts = {"id": None, "status": "refused", "error": error, "rules": rules}
    return json.dumps(facts | _serving(target))


def _code_of(refused: PromotionRefused) -> str:
    """GateClosed -> gate-closed."""
    name = type(refused).__name__
    return "".join(f"-{sign.lower()}" if sign.isupper() else sign for sign in name).strip("-")


def _serving(target: Target) -> dict[str, str | None]:
    live = DeployedModel.objects.live(target)
    return {"target": target.code, "serves": live.version if live else None}
