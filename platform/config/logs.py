"""Log lines: readable in local mode, JSON in production; request ids, never patient data."""

import io
import logging
import traceback
from collections.abc import Iterator
from typing import Any

import structlog

SHARED_STEPS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def logging_settings(*, as_json: bool, level: str) -> dict[str, Any]:
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED_STEPS,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    lines = structlog.dev.ConsoleRenderer(
        colors=False, exception_formatter=structlog.dev.plain_traceback
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.ExceptionRenderer(told),
            structlog.processors.JSONRenderer() if as_json else lines,
        ],
        "foreign_pre_chain": SHARED_STEPS,
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": formatter},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django_structlog": {"level": "WARNING"},
            # It quotes values of headers; whoever configures logging again must not let it speak
            # (images.decoding.quiet).
            "pydicom": {"level": logging.CRITICAL + 1},
            "PIL": {"level": "WARNING"},
        },
    }


def told(exc_info: Any) -> str:
    """A traceback without data: no variables, and of each message the first line alone.

    Variables can hold pixels and patient codes, and PostgreSQL puts the values of the row or of the
    query on the lines below the first.
    """
    text = io.StringIO()
    for error in reversed(list(_chain(exc_info[1]))):
        text.writelines(traceback.format_tb(error.__traceback__))
        words = str(error).splitlines() or [""]
        text.write(f"{type(error).__module__}.{type(error).__qualname__}: {words[0]}\n")
    return text.getvalue().rstrip("\n")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """`error`, then what led to it, and so on."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
