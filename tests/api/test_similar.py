"""GET /api/v1/images/{id}/similar/"""

import jsonschema
import pytest

from images.models import Target
from images.services import trash
from inference.similar import refresh
from tests import factories
from tests.api.test_schema import nullable
from tests.inference.similar_cases import keep_features, make_case, pooled, serve


def url_of(radiograph) -> str:
    return f"/api/v1/images/{radiograph.pk}/similar/"


@pytest.fixture
def case(radiograph, site):
    """A confirmed case at 60 degrees from the radiograph of the cast."""
    serve(Target.objects.get(code="covid-19"))
    keep_features(radiograph, pooled(0))
    case = make_case(60, seed=2, site=site, patient_code="SECRET-2")
    refresh()
    return case


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 401),
        ("pending", 403),
        ("stranger", 404),
        ("health_worker", 200),
        ("doctor", 200),
        ("researcher", 200),
        ("site_administrator", 200),
        ("administrator", 200),
    ],
)
def test_status(actor, radiograph, case, who, status):
    assert actor(who).get(url_of(radiograph)).status_code == status


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_it_only_reads(actor, radiograph, method):
    assert getattr(actor("administrator"), method)(url_of(radiograph)).status_code == 405


def test_the_last_slash_may_be_left_out(actor, radiograph):
    assert actor("doctor").get(url_of(radiograph).rstrip("/")).status_code == 200


def test_a_token_that_reads_is_enough(bearer, doctor, radiograph):
    assert bearer(doctor, scope="read").get(url_of(radiograph)).status_code == 200


def test_an_unconfirmed_case_is_missing_for_researchers(actor, radiograph):
    factories.state_truth(radiograph, "unknown")
    assert actor("researcher").get(url_of(radiograph)).status_code == 404


def test_what_is_in_the_trash_is_missing(actor, radiograph, doctor):
    trash(radiograph=radiograph, by=doctor)
    assert actor("doctor").get(url_of(radiograph)).status_code == 404


def test_another_sites_object_looks_exactly_like_a_missing_one(actor, radiograph, stranger):
    theirs = actor("stranger").get(url_of(radiograph))
    nothing = actor("stranger").get(f"/api/v1/images/{stranger.pk}/similar/")
    assert (theirs.status_code, theirs.json()) == (nothing.status_code, nothing.json())


def test_a_case_is_described_as_everywhere(actor, radiograph, case):
    client = actor("doctor")
    answer = client.get(url_of(radiograph)).json()
    [found] = answer["results"]
    assert found["similarity"] == pytest.approx(0.5, abs=1e-3)
    listed = client.get("/api/v1/images/").json()["results"]
    assert found["radiograph"] in listed
    assert found["radiograph"]["id"] == str(case.pk)
    assert answer["reason"] is None


def test_researchers_get_pseudonyms(actor, radiograph, case):
    text = actor("researcher").get(url_of(radiograph)).content.decode()
    assert str(case.pk) in text
    assert "SECRET" not in text


def test_without_features_it_says_why(actor, radiograph):
    answer = actor("doctor").get(url_of(radiograph)).json()
    assert (answer["results"], answer["reason"]["code"]) == ([], "no-features")
    assert len(answer["reason"]["sentence"]) > 20


def test_without_cases_it_says_why(actor, radiograph, case, doctor):
    trash(radiograph=case, by=doctor)
    answer = actor("doctor").get(url_of(radiograph)).json()
    assert (answer["results"], answer["reason"]["code"]) == ([], "no-cases")


@pytest.mark.parametrize("has_case", [True, False])
def test_answers_are_as_described(actor, radiograph, has_case, request):
    if has_case:
        request.getfixturevalue("case")
    client = actor("doctor")
    parts = client.get("/api/v1/schema/?format=json").json()["components"]
    described = parts["schemas"]["SimilarCases"] | {"components": parts}
    jsonschema.validate(client.get(url_of(radiograph)).json(), nullable(described))
