"""Every hour: forget what is past its day, and go on with the round through the stored files."""

from core.tasks import cpu_task
from images.services import retention
from images.services.sweep import sweep_slice

# Files that come in wait for the same worker.
SECONDS_FOR_RULES = 20.0
SECONDS_FOR_FILES = 30.0


@cpu_task
def sweep() -> None:
    retention.keep_rules(SECONDS_FOR_RULES)
    sweep_slice(SECONDS_FOR_FILES)
