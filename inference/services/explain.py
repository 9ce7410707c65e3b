"""Heat maps on demand: asked for, drawn by a job of their own, kept with their prediction."""

import logging
import time

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from accounts.models import User
from core.errors import PermanentError
from core.jobs import JobStatus, heartbeat
from core.tasks import ring
from inference.explanations import methods_of
from inference.heat_maps import heat_map
from inference.ml.explain import METHOD_VERSION, Heat, overlay_png
from inference.models import Explanation, Prediction
from inference.models.explanation import map_path
from inference.reasons import code_of

logger = logging.getLogger(__name__)


@transaction.atomic
def request_explanation(*, prediction: Prediction, method: str, by: User) -> Explanation | None:
    """The map of `prediction` by `method`: the one that is there or on its way, else a new one.

    After a failure a new one is queued. None where nothing can be asked: the prediction has no
    result, its radiograph is in the trash, or its model keeps nothing that the method could show.
    """
    if prediction.status != JobStatus.DONE or prediction.radiograph.is_trashed:
        return None
    if method not in methods_of(prediction):
        return None
    # The constraint `one_explanation` settles races: the second asker gets the first one's row.
    explanation: Explanation
    explanation, is_new = Explanation.objects.standing().get_or_create(
        prediction=prediction, method=method, defaults={"requested_by": by}
    )
    if is_new:
        transaction.on_commit(_ring)
    return explanation


def work_next_explanation() -> bool:
    """Draw the next map; False when nothing is claimable.

    It ends done, failed, or queued again for another try (`core.jobs`).
    """
    key = Explanation.objects.next_in_line()
    if key is None:
        return False
    owner = Explanation.objects.claim(key)
    if owner:
        _work(owner)
    return True


def reap_explanations() -> bool:
    """Bury what killed three workers, and ring for what lost its doorbell."""
    Explanation.objects.bury_exhausted()
    return ring_if_explanations_wait()


def explanations_wait() -> bool:
    """Whether a heat map could be drawn now."""
    return bool(Explanation.objects.awaits_worker())


def ring_if_explanations_wait() -> bool:
    return explanations_wait() and _ring()


def forget_overlay(name: str | None) -> None:
    """Remove the picture of a map; a missing one is no error."""
    if name:
        default_storage.delete(name)


def _work(owner: str) -> None:
    began = time.perf_counter()
    held = Explanation.objects.owned(owner).select_related(
        "prediction__radiograph", "prediction__model"
    )
    explanation = held.first()
    if explanation is None:  # deleted with its radiograph a moment after the claim
        return
    with heartbeat(Explanation.objects.all(), owner):
        try:
            heat = heat_map(explanation.prediction, explanation.method)
            _store(owner, explanation, heat, began)
        except Exception as problem:
            _give_up(owner, problem)


def _store(owner: str, explanation: Explanation, heat: Heat, began: float) -> None:
    """Write picture and row. A picture whose row is no longer the worker's own is removed."""
    forget_overlay(explanation.overlay.name)  # of an attempt that was killed
    # Where no region speaks for the class there is no picture to keep.
    name = map_path(explanation, "") if heat.any() else ""
    # Named in the row before it is written: a crash leaves no picture that nothing points to.
    Explanation.objects.owned(owner).update(overlay=name)
    if name:
        default_storage.save(name, ContentFile(overlay_png(heat)))
    kept = Explanation.objects.finish(
        owner,
        method_version=METHOD_VERSION,
        milliseconds=round((time.perf_counter() - began) * 1000),
    )
    if not kept:
        forget_overlay(name)


def _give_up(owner: str, problem: Exception) -> None:
    """End the row, or give it back when another try may help."""
    code = code_of(problem)
    # The type alone: an error's text may hold a path, and a traceback may hold pixels.
    logger.warning("heat map not drawn code=%s problem=%s", code, type(problem).__name__)
    if isinstance(problem, PermanentError):
        Explanation.objects.fail(owner, code)
    else:
        Explanation.objects.release(owner, code)


def _ring() -> bool:
    from inference.tasks import explain_waiting  # the tasks import the services

    return ring(explain_waiting)
