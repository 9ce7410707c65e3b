"""The pieces and verbs of promotion: who may, what is shown, and what is told."""

import re

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from core.http import STOP_POLLING
from core.jobs import JobStatus
from inference.models import DeployedModel
from retraining import services
from retraining.models import ModelVersion, Promotion, PromotionKind
from tests.images.conftest import SIGN_IN, WAITING, answer_of
from tests.retraining.versions import comparison_with, make_version, serve

pytestmark = pytest.mark.django_db
SENT = {"reason": "better on test patients"}


@pytest.fixture
def live(covid) -> DeployedModel:
    return serve(make_version(covid, 1))


@pytest.fixture
def candidate(covid, live) -> ModelVersion:
    return make_version(covid, 2, live=live)


def address(name: str, version) -> str:
    return reverse(f"retraining:{name}", args=[version.pk])


def page_of(client, place: str) -> str:
    return client.get(place, headers={"accept-language": "en"}).content.decode()


def told(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


OUTSIDE = {
    "anonymous": SIGN_IN, "pending": WAITING, "health_worker": 403, "doctor": 403,
    "researcher": 403, "site_administrator": 403,
}  # fmt: skip
VERBS = ("promote", "shadow", "shadow_stop", "compare")


@pytest.mark.parametrize(("who", "expected"), [*OUTSIDE.items(), ("administrator", STOP_POLLING)])
def test_who_may_see_the_pieces(actor, candidate, live, covid, who, expected):
    promotion = Promotion.objects.create(
        target=covid, kind=PromotionKind.PROMOTE, version=candidate, status=JobStatus.FAILED,
        error_code="gate-closed", finished_at=live.created_at,
    )  # fmt: skip
    client = actor(who)
    places = [
        address("gate", candidate), address("promotion", promotion),
        reverse("retraining:service", args=[covid.code]),
    ]  # fmt: skip
    assert [answer_of(client.get(place)) for place in places] == [expected] * 3


@pytest.mark.parametrize(("who", "expected"), [*OUTSIDE.items(), ("administrator", 302)])
def test_who_may_act(actor, candidate, live, covid, who, expected):
    client = actor(who)
    places = [address(name, candidate) for name in VERBS]
    places.append(reverse("retraining:rollback", args=[covid.code]))
    sent = SENT | {"expected": live.pk}
    assert [answer_of(client.post(place, sent)) for place in places] == [expected] * 5
    assert Promotion.objects.exists() == (expected == 302)


def test_reading_changes_nothing(actor, candidate, covid):
    client = actor("administrator")
    places = [address(name, candidate) for name in VERBS]
    places.append(reverse("retraining:rollback", args=[covid.code]))
    assert {client.get(place).status_code for place in places} == {405}


def test_what_is_not_there(actor, live):
    client = actor("administrator")
    for place in (address("gate", live), address("promotion", live)):
        assert client.get(place).status_code == 404
    assert client.get(reverse("retraining:service", args=["nowhere"])).status_code == 404


def test_rules_met_offer_the_promotion(actor, candidate, live):
    page = page_of(actor("administrator"), address("gate", candidate))
    assert f'action="{address("promote", candidate)}"' in page
    assert str(live.pk) in page
    assert page.count("is-good") == 5


def test_rules_not_met_offer_none_and_say_why(actor, covid, live):
    worse = make_version(covid, 2, comparison=comparison_with(live, -0.3))
    page = page_of(actor("administrator"), address("gate", worse))
    assert address("promote", worse) not in page
    assert page.count("is-problem") == 1
    assert "0.300" in page.replace(",", ".")


def test_another_comparison_is_offered_where_the_old_one_says_nothing(actor, covid, candidate):
    assert address("compare", candidate) not in page_of(
        actor("administrator"), address("gate", candidate)
    )
    serve(make_version(covid, 3))
    assert address("compare", candidate) in page_of(
        actor("administrator"), address("gate", candidate)
    )


def test_the_model_in_service_is_called_so(actor, live):
    version = ModelVersion.objects.get(sha256=live.sha256)
    page = page_of(actor("administrator"), address("gate", version))
    assert address("promote", version) not in page
    assert "bi-broadcast" in page


def test_a_press_of_the_button(actor, candidate, live, administrator):
    answer = actor("administrator").post(
        address("promote", candidate), SENT | {"expected": live.pk, "repredicts": "on"}
    )
    assert answer.headers["Location"] == reverse("retraining:version", args=[candidate.pk])
    promotion = Promotion.objects.get()
    assert (promotion.requested_by, promotion.reason) == (administrator, SENT["reason"])
    assert (promotion.expected, promotion.repredicts) == (live, True)


def test_while_it_is_open_the_piece_asks_again(actor, candidate, live):
    client = actor("administrator")
    client.post(address("promote", candidate), SENT | {"expected": live.pk})
    answer = client.get(address("gate", candidate))
    assert answer.status_code == 200
    assert f'hx-get="{address("gate", candidate)}?waits"' in answer.content.decode()
    services.work_on_promotion()
    answer = client.get(address("gate", candidate))
    assert answer.status_code == STOP_POLLING
    assert "every 2s" not in answer.content.decode()
    assert "HX-Refresh" not in answer.headers


@pytest.mark.parametrize("piece", ["gate", "service"])
def test_once_it_has_ended_the_page_around_is_loaded_again(actor, candidate, live, covid, piece):
    """Its heading, figures and lists tell of the model in service too."""
    client = actor("administrator")
    client.post(address("promote", candidate), SENT | {"expected": live.pk})
    about = candidate.pk if piece == "gate" else covid.code
    polled = reverse(f"retraining:{piece}", args=[about], query={"waits": ""})
    assert "HX-Refresh" not in client.get(polled).headers
    services.work_on_promotion()
    assert client.get(polled).headers["HX-Refresh"] == "true"


def test_the_second_press_is_told(actor, candidate, live, covid):
    client = actor("administrator")
    client.post(address("promote", candidate), SENT | {"expected": live.pk})
    other = make_version(covid, 3, live=live)
    assert told(client.post(address("promote", other), SENT | {"expected": live.pk}))
    assert Promotion.objects.count() == 1


def test_who_looked_at_an_old_page_is_told_who_serves(actor, candidate, live, covid):
    newer = serve(make_version(covid, 3, live=live))
    answer = actor("administrator").post(
        address("promote", candidate), SENT | {"expected": live.pk}
    )
    assert newer.version in told(answer)[0]
    assert not Promotion.objects.exists()


def test_a_reason_is_asked_for(actor, candidate, live):
    for reason in ("", "x" * 201):
        answer = actor("administrator").post(
            address("promote", candidate), {"reason": reason, "expected": live.pk}
        )
        assert told(answer)
    assert not Promotion.objects.exists()


@pytest.mark.parametrize("expected", ["nonsense", "00000000-0000-0000-0000-000000000000"])
def test_what_no_page_sends(actor, candidate, live, expected):
    place = address("promote", candidate)
    answer = actor("administrator").post(place, SENT | {"expected": expected})
    assert answer.status_code == 400


def test_a_refused_attempt_is_explained(actor, candidate, live, covid):
    client = actor("administrator")
    client.post(address("promote", candidate), SENT | {"expected": live.pk})
    serve(make_version(covid, 3, live=live))
    services.work_on_promotion()
    page = page_of(client, address("gate", candidate))
    assert "bi-x-octagon" in page
    assert SENT["reason"] in page


def test_one_click_goes_back(actor, candidate, live, covid):
    now = serve(candidate)
    client = actor("administrator")
    page = page_of(client, reverse("retraining:service", args=[covid.code]))
    [expected] = re.findall(r'name="expected" value="([0-9a-f-]+)"', page)
    assert expected == str(now.pk)
    assert live.version in page
    answer = client.post(reverse("retraining:rollback", args=[covid.code]), {"expected": expected})
    assert answer.headers["Location"] == reverse("retraining:target", args=[covid.code])
    services.work_on_promotion()
    assert DeployedModel.objects.live(covid).sha256 == live.sha256
    assert (
        candidate.version
        not in page_of(client, reverse("retraining:service", args=[covid.code])).split("<h3")[0]
    )


def test_nothing_to_go_back_to_offers_nothing(actor, live, covid):
    page = page_of(actor("administrator"), reverse("retraining:service", args=[covid.code]))
    assert reverse("retraining:rollback", args=[covid.code]) not in page


def test_into_the_shadow_and_out(actor, candidate, live):
    client = actor("administrator")
    client.post(address("shadow", candidate), {"reason": ""})
    services.work_on_promotion()
    page = page_of(client, address("gate", candidate))
    assert address("shadow_stop", candidate) in page
    client.post(address("shadow_stop", candidate))
    assert not DeployedModel.objects.shadows().exists()


@pytest.mark.parametrize("kind", [*PromotionKind.values, PromotionKind.COMPARE])
@pytest.mark.parametrize("status", JobStatus.values)
def test_every_attempt_has_words(actor, candidate, live, covid, kind, status):
    promotion = Promotion.objects.create(
        target=covid, kind=kind, version=candidate, status=status, error_code="overtaken",
        finished_at=live.created_at,
    )  # fmt: skip
    answer = actor("administrator").get(address("promotion", promotion))
    assert answer.status_code == (200 if promotion.is_open else STOP_POLLING)
    assert answer.context["line"].sentence not in ("", kind)
