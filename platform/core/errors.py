"""Two kinds of failure of a job: trying again may help, or it never will."""


class JobError(Exception):
    """A failed job. `code` is stable, shown with a translated sentence, and names no patient."""

    code = "failed"

    def __init__(self, code: str | None = None) -> None:
        self.code = code or self.code
        super().__init__(self.code)


class PermanentError(JobError):
    """Trying again cannot help (the file is gone, the artifact is refused)."""


class RetriableError(JobError):
    """Trying again may help (memory, disk or network for a moment)."""
