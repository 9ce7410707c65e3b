"""Bulk actions: what matched is written down first, then worked off slice by slice.

A slice commits whole or not at all, together with its counts and under the worker's claim: any
moment is a good one to be killed at, nothing is done twice, and whoever claims the action next goes
on with the first change that is still pending.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.utils import timezone

from accounts.audit import Deed, Way, by_way, note, together
from accounts.models import User
from core.jobs import heartbeat
from core.tasks import ring
from images.bulk import Effect, Refusal, Verb, reasons, verb_named
from images.errors import REFUSALS
from images.models import BulkAction, BulkChange, Radiograph
from images.models.bulk import ChangeState
from images.models.radiograph import RadiographQuerySet
from images.queries import BadQuery, filter_of

logger = logging.getLogger(__name__)

GATHERED: Final = 2000
SLICE_SECONDS: Final = 5.0


@transaction.atomic
def start(
    *,
    key: UUID,
    verb: Verb,
    parameters: Mapping[str, Any],
    asked_by: User,
    query: str = "",
    keys: Sequence[UUID] | None = None,
) -> BulkAction:
    """Begin `verb` upon `keys`, or upon all that `query` matches now.

    `key` becomes the action's own: the same request twice begins one action. Raises
    PermissionDenied without the verb's capability.
    """
    if not asked_by.can(verb.capability):
        raise PermissionDenied
    action, created = BulkAction.objects.get_or_create(
        pk=key, asked_by=asked_by,
        defaults={"verb": verb.name, "parameters": dict(parameters), "query": query},
    )  # fmt: skip
    if created and keys is not None:
        _write_down(action, Radiograph.objects.visible_to(asked_by).filter(pk__in=keys))
        BulkAction.objects.filter(pk=action.pk).update(gathered_at=timezone.now())
        _note_begun(action)
    transaction.on_commit(_ring)
    return action


def _note_begun(action: BulkAction) -> None:
    """One row for the action, once all it is about is written down; what becomes of each
    radiograph is noted with its change."""
    told: dict[str, Any] = {"verb": action.verb, "radiographs": action.changes.count()}
    if action.query:
        told["filters"] = sorted({name for name, _value in parse_qsl(action.query)})
    if action.undoes_id:
        told["undoes"] = str(action.undoes_id)
    note(
        actor=action.asked_by, deed=Deed.CHANGED, subject="bulk", subject_id=action.pk,
        after=told, way=Way.BULK,
    )  # fmt: skip


@transaction.atomic
def undo(*, action: BulkAction, by: User) -> BulkAction | None:
    """Begin to put back what `action` changed; None where that cannot be, or was asked already.

    What somebody changed since then is left as it is, with a reason in its row.
    """
    verb = verb_named(action.verb, by)
    locked = BulkAction.objects.visible_to(by).select_for_update().get(pk=action.pk)
    if verb is None or not may_undo(locked):
        return None
    back = BulkAction.objects.create(asked_by=by, verb=locked.verb, undoes=locked)
    transaction.on_commit(_ring)
    return back


def may_undo(action: BulkAction) -> bool:
    """Something was done, nothing is going on, and nobody has undone it yet."""
    verb = verb_named(action.verb, action.asked_by)
    if verb is None or not verb.is_undoable or action.is_open or action.undoes_id:
        return False
    return bool(action.done_count) and not BulkAction.objects.filter(undoes=action).exists()


def cancel(*, action: BulkAction) -> bool:
    """Stop after the slice in hand; what was done stays. False where it had ended already."""
    return bool(BulkAction.objects.filter(pk=action.pk).cancel())


def reap() -> bool:
    """Ring for actions whose bell or worker was lost, and bury those that killed three workers."""
    BulkAction.objects.bury_exhausted()
    return _is_claimable() and _ring()


def work_on_bulk(*, seconds: float = SLICE_SECONDS) -> bool:
    """Work on the oldest action: one slice at least, and no longer than `seconds` after that.

    True while there is more to do.
    """
    waiting = BulkAction.objects.claimable(timezone.now()).select_related("asked_by", "undoes")
    action = waiting.order_by("created_at", "pk").first()
    if action is not None and (owner := BulkAction.objects.claim(action.pk)):
        with heartbeat(BulkAction.objects.all(), owner):
            _work(owner, action, time.monotonic() + seconds)
    return _is_claimable()


def _work(owner: str, action: BulkAction, ends: float) -> None:
    verb = verb_named(action.verb, action.asked_by)
    if verb is None:
        BulkAction.objects.fail(owner, reasons.NOT_ALLOWED)
        return
    try:
        while _gather(owner, action, verb) or _work_slice(owner, action, verb):
            if time.monotonic() >= ends:
                BulkAction.objects.put_back(owner)
                return
        BulkAction.objects.finish(owner)
    except BadQuery:
        BulkAction.objects.fail(owner, reasons.BAD_FILTERS)
    except Exception as problem:
        # The type alone: an error's text may hold a path or a value.
        logger.warning("bulk action stopped verb=%s problem=%s", verb.name, type(problem).__name__)
        BulkAction.objects.release(owner, reasons.BROKEN)


def _gather(owner: str, action: BulkAction, verb: Verb) -> bool:
    """Write down the next matching radiographs; False once all are."""
    if action.gathered_at is not None:
        return False
    last = action.changes.order_by("-radiograph_id").values_list("radiograph_id", flat=True).first()
    with transaction.atomic():
        rows = _to_put_back(action, last) if action.undoes else _matching(action, verb, last)
        found = BulkChange.objects.bulk_create(rows)
        now = timezone.now()
        ended = {} if len(found) == GATHERED else {"gathered_at": now}
        held = BulkAction.objects.owned(owner).update(
            total=models.F("total") + len(found), attempts=1, updated_at=now, **ended
        )
        if not held:
            transaction.set_rollback(True)
            return False
        if ended:
            _note_begun(action)
    action.gathered_at = ended.get("gathered_at")
    return True


def _matching(action: BulkAction, verb: Verb, last: UUID | None) -> list[BulkChange]:
    """What matched when it was asked for, by keys larger than `last`."""
    there = verb.reach(action.asked_by).kept().filter(created_at__lte=action.created_at)
    matching = filter_of(action.query, action.asked_by, there).qs.order_by("pk")
    if last is not None:
        matching = matching.filter(pk__gt=last)
    keys = matching.values_list("pk", flat=True)[:GATHERED]
    return [BulkChange(action=action, radiograph_id=key) for key in keys]


def _to_put_back(action: BulkAction, last: UUID | None) -> list[BulkChange]:
    """The changes of the action that is undone, turned round."""
    done = BulkChange.objects.filter(action=action.undoes, state=ChangeState.DONE)
    if last is not None:
        done = done.filter(radiograph__gt=last)
    return [
        BulkChange(
            action=action, radiograph_id=row.radiograph_id, before=row.after, after=row.before
        )
        for row in done.order_by("radiograph_id")[:GATHERED]
    ]


def _write_down(action: BulkAction, radiographs: RadiographQuerySet) -> None:
    keys = list(radiographs.values_list("pk", flat=True))
    BulkChange.objects.bulk_create(BulkChange(action=action, radiograph_id=key) for key in keys)
    BulkAction.objects.filter(pk=action.pk).update(total=len(keys))


def _work_slice(owner: str, action: BulkAction, verb: Verb) -> bool:
    """Work off the next pending changes, all in one transaction; False when none is left."""
    pending = action.changes.filter(state=ChangeState.PENDING).order_by("radiograph_id")
    changes = list(
        pending.select_related("radiograph__patient", "radiograph__site")[: verb.at_once]
    )
    if not changes:
        return False
    within = _within_reach(action, verb, changes)
    prepared = None if action.undoes else verb.prepare(action, within)
    with transaction.atomic(), by_way(Way.BULK), together():
        for change in changes:
            _settle(action, verb, change, change.radiograph in within, prepared)
        done = [change.radiograph for change in changes if change.state == ChangeState.DONE]
        if not action.undoes:
            verb.settle(action, done, prepared)
        BulkChange.objects.bulk_update(changes, ["state", "before", "after", "error_code"])
        held = BulkAction.objects.owned(owner).update(
            done_count=models.F("done_count") + len(done),
            refused_count=models.F("refused_count") + len(changes) - len(done),
            attempts=1,
            updated_at=timezone.now(),
        )
        if not held:
            transaction.set_rollback(True)
    return bool(held)


def _within_reach(
    action: BulkAction, verb: Verb, changes: Sequence[BulkChange]
) -> list[Radiograph]:
    """Asked anew for each slice: rights and rows may have changed since the action began."""
    keys = [change.radiograph_id for change in changes]
    reached = set(verb.reach(action.asked_by).filter(pk__in=keys).values_list("pk", flat=True))
    return [change.radiograph for change in changes if change.radiograph_id in reached]


def _settle(
    action: BulkAction, verb: Verb, change: BulkChange, is_reached: bool, prepared: Any
) -> None:
    try:
        if not is_reached:
            raise Refusal(verb.beyond_reach)
        with transaction.atomic(), together():
            effect = _apply(action, verb, change, prepared)
    except (Refusal, *REFUSALS) as refusal:
        change.state, change.error_code = ChangeState.REFUSED, refusal.code
    except PermissionDenied:
        change.state, change.error_code = ChangeState.REFUSED, reasons.NOT_ALLOWED
    else:
        change.state = ChangeState.DONE
        change.before, change.after = dict(effect.before), dict(effect.after)


def _apply(action: BulkAction, verb: Verb, change: BulkChange, prepared: Any) -> Effect:
    if not action.undoes:
        return verb.apply(action, change.radiograph, prepared)
    if change.before == change.after:
        return Effect(change.before, change.after)
    return verb.put_back(action, change.radiograph, Effect(change.after, change.before))


def _is_claimable() -> bool:
    return BulkAction.objects.claimable(timezone.now()).exists()


def _ring() -> bool:
    from images.tasks.bulk import work_bulk

    return ring(work_bulk)
