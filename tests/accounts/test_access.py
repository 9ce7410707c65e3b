"""Role x route: who may open what. Rights inside a page are in that page's own file."""

import uuid

import pytest
from django.urls import reverse

pytestmark = pytest.mark.django_db

ANYBODY = ("anonymous", "pending", "health_worker", "doctor", "researcher", "stranger")
ADMINISTRATORS = ("site_administrator", "administrator")
NOBODYS = uuid.UUID(int=0)

PAGES_OF_ADMINISTRATORS = ["accounts:people", "accounts:sites"]
ACTIONS = ["approve", "refuse", "change_role", "deactivate", "reactivate"]

# Where each of them ends up at a page that only administrators may open.
TURNED_AWAY = {
    "anonymous": "account_login",
    "pending": "accounts:pending",
    "health_worker": 403,
    "doctor": 403,
    "researcher": 403,
    "stranger": 403,
}


def outcome(response):
    """A status, or the name of the page that a redirect leads to."""
    if response.status_code != 302:
        return response.status_code
    path = response.url.split("?")[0]
    names = ("account_login", "accounts:pending", "account_reauthenticate", "home")
    return next((name for name in names if reverse(name) == path), path)


@pytest.mark.parametrize("name", PAGES_OF_ADMINISTRATORS)
@pytest.mark.parametrize("who", ANYBODY)
def test_lists_are_closed(actor, who, name):
    assert outcome(actor(who).get(reverse(name))) == TURNED_AWAY[who]


@pytest.mark.parametrize("name", PAGES_OF_ADMINISTRATORS)
@pytest.mark.parametrize("who", ADMINISTRATORS)
def test_lists_are_open_to_administrators(actor, who, name):
    assert actor(who).get(reverse(name)).status_code == 200


@pytest.mark.parametrize("who", ANYBODY)
def test_person_is_closed(actor, who, doctor):
    address = reverse("accounts:person", args=[doctor.pk])
    assert outcome(actor(who).get(address)) == TURNED_AWAY[who]


@pytest.mark.parametrize(
    ("who", "whom", "status"),
    [
        ("site_administrator", "doctor", 200),
        ("site_administrator", "pending", 200),
        ("site_administrator", "stranger", 404),
        ("site_administrator", "administrator", 404),
        ("administrator", "doctor", 200),
        ("administrator", "stranger", 200),
        ("administrator", "site_administrator", 200),
    ],
)
def test_person_in_scope(actor, request, who, whom, status):
    address = reverse("accounts:person", args=[request.getfixturevalue(whom).pk])
    assert actor(who).get(address).status_code == status


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("who", ANYBODY)
def test_actions_are_closed(actor, who, action, doctor):
    address = reverse(f"accounts:{action}", args=[doctor.pk])
    assert outcome(actor(who).post(address)) == TURNED_AWAY[who]


@pytest.mark.parametrize("action", ACTIONS)
def test_another_sites_person_is_missing(actor, action, stranger):
    address = reverse(f"accounts:{action}", args=[stranger.pk])
    client = actor("site_administrator")
    missing = client.post(reverse(f"accounts:{action}", args=[NOBODYS]))
    response = client.post(address, {"role": "doctor"})
    assert response.status_code == missing.status_code == 404


@pytest.mark.parametrize("action", ACTIONS)
def test_actions_need_a_post(actor, action, doctor):
    address = reverse(f"accounts:{action}", args=[doctor.pk])
    assert actor("administrator").get(address).status_code == 405


@pytest.mark.parametrize("who", [*ANYBODY, "site_administrator"])
def test_new_institution_is_closed(actor, who):
    expected = TURNED_AWAY | {"site_administrator": 403}
    assert outcome(actor(who).get(reverse("accounts:create_site"))) == expected[who]


@pytest.mark.parametrize("who", ANYBODY)
def test_edit_of_an_institution_is_closed(actor, who, site):
    address = reverse("accounts:edit_site", args=[site.pk])
    assert outcome(actor(who).get(address)) == TURNED_AWAY[who]


@pytest.mark.parametrize(
    ("name", "who", "expected"),
    [
        ("accounts:profile", "anonymous", "account_login"),
        ("accounts:profile", "pending", 200),
        ("accounts:profile", "researcher", 200),
        ("accounts:pending", "anonymous", "account_login"),
        ("accounts:pending", "pending", 200),
        ("accounts:pending", "doctor", "home"),
        ("accounts:tokens", "anonymous", "account_login"),
        ("accounts:tokens", "pending", "accounts:pending"),
        ("accounts:tokens", "health_worker", 200),
        ("accounts:tokens", "doctor", 200),
        ("accounts:tokens", "researcher", 200),
        ("accounts:tokens", "administrator", 200),
    ],
)
def test_own_pages(actor, name, who, expected):
    assert outcome(actor(who).get(reverse(name))) == expected


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("anonymous", "account_login"),
        ("pending", "accounts:pending"),
        ("doctor", "account_reauthenticate"),
    ],
)
def test_making_a_token(actor, who, expected):
    assert outcome(actor(who).post(reverse("accounts:create_token"))) == expected


def test_waiting_person_is_told_so_by_the_api(actor):
    response = actor("pending").get("/api/v1/images/")
    assert (response.status_code, response.json()["code"]) == (403, "not-approved")
