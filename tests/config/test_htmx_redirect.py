from django.urls import reverse

HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/images/?page=2"}


def test_an_ended_session_sends_the_whole_page_to_sign_in(anonymous):
    response = anonymous.get(reverse("inference:badges"), headers=HTMX)
    assert response.status_code == 200
    assert response["HX-Redirect"] == "/account/login/?next=%2Fimages%2F"
    assert response.content == b""


def test_a_waiting_person_is_moved_as_a_whole_too(sign_in, pending):
    response = sign_in(pending).get(reverse("inference:badges"), headers=HTMX)
    assert response["HX-Redirect"] == reverse("accounts:pending")


def test_another_address_cannot_become_the_next_page(anonymous):
    elsewhere = HTMX | {"HX-Current-URL": "https://evil.example//evil.example/x"}
    response = anonymous.get(reverse("inference:badges"), headers=elsewhere)
    assert response["HX-Redirect"] == "/account/login/?next=%2Fevil.example%2Fx"


def test_plain_redirects_stay_redirects(anonymous):
    assert anonymous.get(reverse("images:list")).status_code == 302


def test_an_unreadable_address_leads_to_the_first_page(anonymous):
    broken = HTMX | {"HX-Current-URL": "http://[x"}
    response = anonymous.get(reverse("inference:badges"), headers=broken)
    assert response["HX-Redirect"] == "/account/login/?next=%2F"
