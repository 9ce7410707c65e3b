"""GET /api/v1/schema/ and what `manage.py spectacular` says of it."""

import io

import jsonschema
import pytest
from django.core.management import call_command


@pytest.fixture
def schema(doctor, sign_in) -> dict:
    return sign_in(doctor).get("/api/v1/schema/?format=json").json()


def test_generator_has_nothing_to_complain_about(db, capsys):
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=io.StringIO())

    assert "Warning" not in capsys.readouterr().err


def test_all_addresses_are_described(schema):
    described = {
        f"{method.upper()} {path.removeprefix('/api/v1/')}"
        for path, methods in schema["paths"].items()
        for method in methods
    }

    assert described == {
        "GET images/", "POST images/", "GET images/{id}/", "PATCH images/{id}/",
        "DELETE images/{id}/", "GET images/{id}/picture/", "GET predictions/",
        "GET images/{id}/similar/",
        "GET predictions/{prediction}/explanations/",
        "POST predictions/{prediction}/explanations/",
        "GET predictions/{prediction}/explanations/{id}/",
        "GET predictions/{prediction}/explanations/{id}/overlay/",
        "GET predictions/{id}/", "POST predictions/{id}/override/", "GET targets/",
        "POST batches/", "GET batches/{id}/", "DELETE batches/{id}/",
        "POST batches/{id}/retry/", "POST batches/{id}/cancel/",
        "GET batches/{batch}/files/", "POST batches/{batch}/files/",
        "GET batches/{batch}/files/{id}/", "PUT batches/{batch}/files/{id}/content/",
        "POST batches/{batch}/files/{id}/retry/", "POST batches/{batch}/files/{id}/cancel/",
        "GET exports/", "GET exports/{id}/withdrawn/", "GET audit/",
        "GET studies/", "GET studies/{id}/", "GET studies/{id}/results/",
        "GET studies/{id}/export/",
        "GET cases.csv", "GET cases.zip", "POST batches/{batch}/table/",
        "POST batches/{batch}/bundle/",
        "POST laboratory/", "GET laboratory/{table}/", "POST laboratory/{table}/apply/",
    }  # fmt: skip


def test_every_failure_is_described(schema):
    for methods in schema["paths"].values():
        for operation in methods.values():
            body = operation["responses"]["default"]["content"]["application/json"]
            assert body["schema"] == {"$ref": "#/components/schemas/Problem"}


def test_tokens_are_described(schema):
    scheme = schema["components"]["securitySchemes"]["apiToken"]

    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")


@pytest.mark.parametrize(
    ("place", "component"),
    [("images/", "PaginatedRadiographList"), ("predictions/", "PaginatedPredictionList")],
)
def test_answers_are_as_described(place, component, schema, radiograph, doctor, sign_in):
    answer = sign_in(doctor).get(f"/api/v1/{place}").json()

    described = schema["components"]["schemas"][component] | {"components": schema["components"]}
    jsonschema.validate(answer, nullable(described))


def test_targets_are_as_described(schema, doctor, sign_in):
    targets = sign_in(doctor).get("/api/v1/targets/").json()

    for target in targets:
        described = schema["components"]["schemas"]["Target"]
        jsonschema.validate(target, nullable(described | {"components": schema["components"]}))


def nullable(node):
    """OpenAPI 3.0 says `nullable: true` where JSON Schema lists null among the types."""
    if isinstance(node, list):
        return [nullable(each) for each in node]
    if not isinstance(node, dict):
        return node
    inner = {key: nullable(value) for key, value in node.items()}
    return {"anyOf": [inner, {"type": "null"}]} if node.get("nullable") is True else inner
