"""The shortcut audit of a version: a job (core.jobs) of the training queue, after the run.

It looks at the films of test patients with the lungs and with the borders hidden, once more into
the vault, and says whether the version may pass the gate as far as that goes.
"""

import logging
import time
from threading import Event
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import numpy as np
from django.db import transaction

from accounts.audit import Deed, note
from accounts.models import User
from core.errors import PermanentError
from core.jobs import JobStatus, LeaseLost, oldest_held
from core.tasks import ring
from images.models import Radiograph
from inference.artifact_store import identity_of, kept_folder
from inference.ml.errors import ArtifactRefused
from retraining import reasons, vault
from retraining.models import ModelVersion, PromotionRules, Purpose, ShortcutAudit
from retraining.rights import refuse_stranger
from retraining.snapshots.planning import rules_of
from retraining.vault import Row

if TYPE_CHECKING:
    from inference.ml.artifact import Artifact

logger = logging.getLogger(__name__)

FILMS_PER_CLASS: Final = 150


class NothingToAudit(PermanentError):
    """There is no test film that could be read."""

    code = reasons.NO_CASES


@transaction.atomic
def request_audit(*, version: ModelVersion, by: User | None) -> ShortcutAudit:
    """Let a worker audit `version`, anew where it was audited; joins an audit that is open.

    `by` is None for the platform itself. Raises PermissionDenied without the capability.
    """
    refuse_stranger(by)
    audit: ShortcutAudit
    audit, is_new = ShortcutAudit.objects.select_for_update().get_or_create(
        version=version, defaults={"requested_by": by}
    )
    if not is_new and audit.is_open:
        return audit
    _begin_again(audit, by)
    if by is not None:
        note(
            actor=by, deed=Deed.ENTERED, subject="shortcut-audit", subject_id=version.pk,
            after={"version": version.version},
        )  # fmt: skip
    transaction.on_commit(_ring)
    return audit


def _begin_again(audit: ShortcutAudit, by: User | None) -> None:
    audit.status, audit.requested_by = JobStatus.QUEUED, by
    audit.owner, audit.lease_until, audit.attempts, audit.error_code = "", None, 0, ""
    audit.started_at, audit.finished_at, audit.seconds = None, None, None
    audit.done, audit.total, audit.result, audit.has_passed = 0, 0, {}, None
    audit.save()


def resume_audits() -> bool:
    """Ring for audits whose bell or worker was lost, and bury those that killed three workers."""
    ShortcutAudit.objects.bury_exhausted()
    return ShortcutAudit.objects.awaits_worker() and _ring()


def work_on_audit() -> bool:
    """Work on the oldest audit to its end; True while there is another one. Loads torch."""
    rows = ShortcutAudit.objects.select_related(
        "version__target", "version__snapshot", "requested_by"
    )
    with oldest_held(rows) as held:
        has_ended = held is not None and _work(held.owner, held.row, held.lost)
    if held is not None and has_ended:
        _what_follows(held.row.version)
    return ShortcutAudit.objects.awaits_worker()


def _work(owner: str, audit: ShortcutAudit, lost: Event) -> bool:
    """True where the audit ended with a verdict."""
    began = time.monotonic()
    try:
        result = _audited(owner, audit, lost)
        seconds = round(time.monotonic() - began, 2)
        return ShortcutAudit.objects.finish(
            owner, result=result, has_passed=not result["reasons"], seconds=seconds
        )
    except LeaseLost:
        return False
    except Exception as problem:
        # The type alone: an error's text may hold a path or a value.
        logger.warning("shortcut audit stopped problem=%s", type(problem).__name__)
        _give_back(owner, problem)
        return False


def _give_back(owner: str, problem: Exception) -> None:
    """Failed for good, or for another try where that may help."""
    from inference.ml.errors import WeightsRefused, WeightsUnavailable

    rows = ShortcutAudit.objects.all()
    match problem:
        case ArtifactRefused():
            rows.fail(owner, reasons.ARTIFACT_REFUSED)
        case WeightsRefused() | WeightsUnavailable() | FileNotFoundError():
            rows.fail(owner, reasons.NO_WEIGHTS)
        case PermanentError():
            rows.fail(owner, problem.code)
        case _:
            rows.release(owner, reasons.code_of(problem))


def _audited(owner: str, audit: ShortcutAudit, lost: Event) -> dict[str, Any]:
    from retraining.ml.shortcut import Limits, audit_of, site_facts

    version = audit.version
    artifact = _artifact_of(version)
    rows = _films_of(version, audit.requested_by)
    scores, judged = _scores(artifact, rows, _Progress(owner, lost))
    if not judged:
        raise NothingToAudit
    rules: PromotionRules = rules_of(version.target)
    positive = version.target.positive_class.code
    result = audit_of(
        np.array([row.class_code == positive for row in judged]),
        [row.group for row in judged],
        scores,
        sites=site_facts(_association(version), version.evaluation.get("site_prediction")),
        limits=Limits(rules.max_hidden_auc, rules.max_association),
    )
    return result | {"left_out": len(rows) - len(judged)}


def _artifact_of(version: ModelVersion) -> "Artifact":
    from inference.ml import artifact

    folder = kept_folder(version.artifact)
    if identity_of(folder) != version.sha256:
        raise ArtifactRefused("its files are not those of the registry")
    return artifact.load(folder)


def _films_of(version: ModelVersion, by: User | None) -> list[Row]:
    """At most 150 test films of each class, the same for all versions of a snapshot.

    Raises NothingToAudit for a version that was never evaluated here.
    """
    snapshot = version.snapshot
    if snapshot is None:
        raise NothingToAudit
    rows = vault.open_vault(snapshot=snapshot, purpose=Purpose.AUDIT, about=version.version, by=by)
    usable = _usable([row.radiograph for row in rows])
    shuffled = np.random.default_rng(int(snapshot.sha256[:8], 16)).permutation(len(rows))
    kept: list[Row] = []
    counts: dict[str, int] = {}
    for row in (rows[place] for place in shuffled):
        if row.radiograph in usable and counts.get(row.class_code, 0) < FILMS_PER_CLASS:
            counts[row.class_code] = counts.get(row.class_code, 0) + 1
            kept.append(row)
    return kept


def _usable(keys: list[UUID]) -> set[UUID]:
    """Who withdrew since the list was frozen is in no new figure."""
    usable: set[UUID] = set()
    for start in range(0, len(keys), 500):
        rows = Radiograph.objects.kept().consented().without_suspicion()
        found = rows.filter(pk__in=keys[start : start + 500]).order_by()
        usable.update(found.values_list("pk", flat=True))
    return usable


def _scores(
    artifact: "Artifact", rows: list[Row], progress: "_Progress"
) -> tuple[dict[str, Any], list[Row]]:
    """Probabilities of the positive class by look, and the rows that could be read in all."""
    from retraining.hidden_films import hidden_scores
    from retraining.ml.shortcut import PLAIN
    from retraining.scoring import score

    codes = artifact.manifest.classes
    place = codes.index(artifact.manifest.positive)
    scored = score(artifact, rows, codes, progress.of_part(1))
    plain = dict(zip((row.radiograph for row in scored.rows), scored.probabilities, strict=True))
    films = {row.radiograph: row.pixel_sha256 for row in scored.rows}
    looks = {PLAIN: plain, **hidden_scores(artifact, films, progress.of_part(2))}
    judged = [row for row in scored.rows if all(row.radiograph in each for each in looks.values())]
    return {
        name: np.array([found[row.radiograph][place] for row in judged])
        for name, found in looks.items()
    }, judged


def _association(version: ModelVersion) -> float | None:
    """Cramér's V of label and institution, None with a single institution."""
    stated = version.snapshot.association.get("site") if version.snapshot else None
    strength = (stated or {}).get("v")
    return None if strength is None else float(strength)


class _Progress:
    """Two parts, told as one: films as they are, and films with a region hidden."""

    def __init__(self, owner: str, lost: Event) -> None:
        self._rows, self._owner, self._lost = ShortcutAudit.objects.all(), owner, lost

    def of_part(self, part: int) -> Any:
        def tell(done: int, total: int) -> None:
            if self._lost.is_set():
                raise LeaseLost
            self._rows.owned(self._owner).update(done=(part - 1) * total + done, total=2 * total)

        return tell


def _what_follows(version: ModelVersion) -> None:
    from retraining.services.automatic import after_audit

    after_audit(version)


def _ring() -> bool:
    from retraining.tasks import audit_waiting

    return ring(audit_waiting)
