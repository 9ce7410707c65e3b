"""How every failure of the API looks: `{"code", "detail"}`, and `errors` by field where it helps.

`code` is stable and meant for programs, `detail` is one sentence in the reader's language.
"""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error
from rest_framework.views import exception_handler

from images.errors import REFUSALS, http_status

Sentence = str | Promise

CSRF_PREFIX = "CSRF Failed"  # how DRF's session authentication says it

# DRF's codes -> ours, with a sentence of the house. The status stays DRF's.
WORDS: dict[str, tuple[str, Sentence]] = {
    "not_authenticated": ("not-authenticated", _("Sign in, or send an API token.")),
    "authentication_failed": ("authentication-failed", _("The API token is not valid (any more).")),
    "permission_denied": ("permission-denied", _("You have no permission for this.")),
    "not_found": ("not-found", _("There is no such thing here.")),
    "method_not_allowed": ("method-not-allowed", _("This address does not offer that method.")),
    "not_acceptable": ("not-acceptable", _("This address cannot answer in the format asked for.")),
    "unsupported_media_type": (
        "unsupported-media-type",
        _("The request has a content type that this address does not read."),
    ),
    "parse_error": ("unreadable-request", _("The request is malformed and cannot be read.")),
    "throttled": ("throttled", _("Too many requests: wait a moment and try again.")),
    "invalid": ("invalid", _("Some of the values sent are not valid.")),
    "csrf": ("csrf-failed", _("The CSRF token is missing or wrong: load the page again.")),
}


class Problem(exceptions.APIException):
    """A failure of the domain, put into the words of HTTP."""

    def __init__(self, status_code: int, code: str, sentence: Sentence) -> None:
        super().__init__(detail=str(sentence), code=code)
        self.status_code = status_code
        self.code = code


def problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler; None (Django answers 500) for what nobody foresaw."""
    error = _in_words_of_http(error)
    response = exception_handler(error, context)
    if response is not None:
        response.data = _body(error, response.status_code)
    return response


def _in_words_of_http(error: Exception) -> Exception:
    if isinstance(error, REFUSALS):
        return Problem(http_status(error), error.code, error.sentence)
    if isinstance(error, RequestDataTooBig):
        sentence = _("The request is larger than what is accepted.")
        return Problem(status.HTTP_413_REQUEST_ENTITY_TOO_LARGE, "too-large", sentence)
    if isinstance(error, DjangoValidationError):
        return exceptions.ValidationError(as_serializer_error(error))
    return error


def _body(error: Exception, status_code: int) -> dict[str, Any]:
    if isinstance(error, Problem):
        return {"code": error.code, "detail": str(error.detail)}
    code, sentence = WORDS[_word_of(error, status_code)]
    body: dict[str, Any] = {"code": code, "detail": str(sentence)}
    if isinstance(error, exceptions.ValidationError):
        body["errors"] = as_serializer_error(error)
    return body


def _word_of(error: Exception, status_code: int) -> str:
    if isinstance(error, exceptions.ValidationError):
        return "invalid"
    if not isinstance(error, exceptions.APIException):  # Django's own Http404, PermissionDenied
        return "not_found" if status_code == status.HTTP_404_NOT_FOUND else "permission_denied"
    if str(error.detail).startswith(CSRF_PREFIX):
        return "csrf"
    return error.default_code
