"""Every change of state of this room."""

from retraining.services.auditing import request_audit, resume_audits, work_on_audit
from retraining.services.automatic import (
    after_audit,
    promote_due,
)
from retraining.services.drifting import (
    request_drift_check,
    request_due_drift_checks,
    resume_drift_checks,
    work_on_drift_check,
)
from retraining.services.import_work import (
    resume_imports,
    throw_away_offered_files,
    work_on_import,
)
from retraining.services.label_check import (
    request_due_checks,
    request_label_check,
    resume_label_checks,
    work_on_label_check,
)
from retraining.services.label_impact import (
    MOST_LABELS,
    TooManyLabels,
    request_impact,
    resume_impacts,
    throw_away_old_impacts,
    work_on_impact,
)
from retraining.services.promoting import (
    AlreadyServes,
    GateClosed,
    NothingBefore,
    NothingToCompare,
    Overtaken,
    PromotionOpen,
    PromotionRefused,
    request_comparison,
    request_promotion,
    request_rollback,
    request_shadow,
    stop_shadow,
)
from retraining.services.promotion_work import (
    resume_promotions,
    work_on_comparison,
    work_on_promotion,
)
from retraining.services.reproducing import (
    request_reproduction,
    resume_reproductions,
    work_on_reproduction,
)
from retraining.services.rules import (
    change_rules,
)
from retraining.services.run_folders import throw_away_run_folders
from retraining.services.running import (
    RunOpen,
    cancel_run,
    request_run,
    resume_run,
    resume_runs,
    work_on_run,
)
from retraining.services.scheduling import (
    change_plan,
    look_at_plans,
)
from retraining.services.suspecting import close_corrected, judge_suspect
from retraining.services.targets import (
    NewClass,
    TargetRefused,
    create_target,
)
from retraining.services.transfer import (
    Export,
    KeyKnown,
    distrust_key,
    export_version,
    request_import,
    trust_key,
)

__all__ = [
    "MOST_LABELS",
    "AlreadyServes",
    "Export",
    "GateClosed",
    "KeyKnown",
    "NewClass",
    "NothingBefore",
    "NothingToCompare",
    "Overtaken",
    "PromotionOpen",
    "PromotionRefused",
    "RunOpen",
    "TargetRefused",
    "TooManyLabels",
    "after_audit",
    "cancel_run",
    "change_plan",
    "change_rules",
    "close_corrected",
    "create_target",
    "distrust_key",
    "export_version",
    "judge_suspect",
    "look_at_plans",
    "promote_due",
    "request_audit",
    "request_comparison",
    "request_drift_check",
    "request_due_checks",
    "request_due_drift_checks",
    "request_impact",
    "request_import",
    "request_label_check",
    "request_promotion",
    "request_reproduction",
    "request_rollback",
    "request_run",
    "request_shadow",
    "resume_audits",
    "resume_drift_checks",
    "resume_impacts",
    "resume_imports",
    "resume_label_checks",
    "resume_promotions",
    "resume_reproductions",
    "resume_run",
    "resume_runs",
    "stop_shadow",
    "throw_away_offered_files",
    "throw_away_old_impacts",
    "throw_away_run_folders",
    "trust_key",
    "work_on_audit",
    "work_on_comparison",
    "work_on_drift_check",
    "work_on_impact",
    "work_on_import",
    "work_on_label_check",
    "work_on_promotion",
    "work_on_reproduction",
    "work_on_run",
]
