"""Doorbells of the training queue, and the upkeep. Torch stays out of this module."""

from core.tasks import cpu_task, gpu_task, ring, train_task
from retraining import services


@train_task
def check_labels_waiting() -> None:
    """Search the labels of one target, then ring for the next."""
    if services.work_on_label_check():
        ring(check_labels_waiting)


@train_task
def preview_impact_waiting() -> None:
    """Answer one preview, then ring for the next: previews of others have their turns."""
    if services.work_on_impact():
        ring(preview_impact_waiting)


@train_task
def train_waiting() -> None:
    """Carry out one training run, then ring for the next."""
    if services.work_on_run():
        ring(train_waiting)


@gpu_task
def promote_waiting() -> None:
    """Exchange one model, then ring for the next: no training keeps a rollback waiting."""
    if services.work_on_promotion():
        ring(promote_waiting)


@gpu_task
def import_waiting() -> None:
    """Look at one offered model, then ring for the next."""
    if services.work_on_import():
        ring(import_waiting)


@train_task
def compare_waiting() -> None:
    """Evaluate one version beside the model in service, then ring for the next."""
    if services.work_on_comparison():
        ring(compare_waiting)


@train_task
def check_drift_waiting() -> None:
    """Look for drift in one question, then ring for the next."""
    if services.work_on_drift_check():
        ring(check_drift_waiting)


@train_task
def audit_waiting() -> None:
    """Look for shortcuts of one version, then ring for the next."""
    if services.work_on_audit():
        ring(audit_waiting)


@train_task
def reproduce_waiting() -> None:
    """Train one version again, then ring for the next."""
    if services.work_on_reproduction():
        ring(reproduce_waiting)


@cpu_task
def reap() -> None:
    """Bring back what killed workers and lost messages left behind."""
    services.resume_audits()
    services.resume_reproductions()
    services.resume_imports()
    services.resume_promotions()
    services.resume_drift_checks()
    services.resume_runs()
    services.resume_impacts()
    services.resume_label_checks()


@cpu_task
def look_after_labels() -> None:
    """Ask for the checks that are due, and throw away what nobody needs any more."""
    services.throw_away_old_impacts()
    services.close_corrected()
    services.request_due_checks()
    services.throw_away_run_folders()
    services.throw_away_offered_files()


@cpu_task
def look_after_models() -> None:
    """Begin the trainings, promotions and looks for drift that are due."""
    services.look_at_plans()
    services.promote_due()
    services.request_due_drift_checks()
