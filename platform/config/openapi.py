"""The OpenAPI description and its offline pages, within the policy for scripts of the house."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView


class ApiTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Says how a token is sent; found by drf-spectacular through this class alone."""

    target_class = "accounts.tokens.ApiTokenAuthentication"
    name = "apiToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": _("A personal token, made on the page of API tokens."),
        }


PROBLEM = {
    "type": "object",
    "description": _("Every failure: a stable code and one sentence in your language."),
    "properties": {
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "errors": {"type": "object", "additionalProperties": True},
    },
    "required": ["code", "detail"],
}


def describe_problems(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Add the one shape of all failures (config.problems) to each operation."""
    result["components"]["schemas"]["Problem"] = PROBLEM
    body = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for operations in result["paths"].values():
        for operation in operations.values():
            operation["responses"]["default"] = {"description": _("Failure"), "content": body}
    return result


def leave_optional_parts_empty(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Keep the documentation's form from inventing an age or a date for a real upload."""
    upload = result["components"]["schemas"]["RadiographUploadRequest"]
    for name, part in upload["properties"].items():
        if name not in upload["required"]:
            part["example"] = ""
    upload["properties"]["patient_code"]["example"] = "P-17"
    return result


def say_what_parts_are(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """The parts are described by docstrings of serializers, which are read in English only."""
    parts = result["components"]["schemas"]
    for name, part in parts.items():
        if part.get("description"):
            parts[name] = part | {"description": gettext(part["description"])}
    return result


schema = SpectacularAPIView.as_view()

# The start-up script comes from an address of its own, for the policy forbids inline scripts.
docs = login_required(
    SpectacularSwaggerSplitView.as_view(url_name="api-schema", template_name="api/docs.html")
)
