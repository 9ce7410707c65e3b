"""GET /api/v1/docs/: offline pages within the policy for scripts of the house."""

import re

from django.contrib.staticfiles import finders
from django.urls import reverse

URL = "/api/v1/docs/"


def test_name():
    assert reverse("api-docs") == URL


def test_anonymous_is_led_to_the_sign_in(db, client):
    response = client.get(URL)

    assert (response.status_code, response["Location"].split("?")[0]) == (302, "/account/login/")


def test_policy_is_the_strict_one(doctor, sign_in):
    client = sign_in(doctor)

    policy = client.get(URL)["Content-Security-Policy"]
    assert policy == client.get("/api/v1/targets/")["Content-Security-Policy"]
    assert "unsafe" not in policy


def test_page_has_nothing_inline(doctor, sign_in):
    page = sign_in(doctor).get(URL).content.decode()

    assert "<style" not in page
    assert " style=" not in page
    assert all(" src=" in tag for tag in re.findall(r"<script[^>]*>", page))


def test_all_files_are_our_own(doctor, sign_in):
    page = sign_in(doctor).get(URL).content.decode()
    files = re.findall(r'(?:src|href)="/static/(drf_spectacular_sidecar/[^"]+)"', page)

    assert len(files) == 3
    assert all(finders.find(file) for file in files)
    assert "//cdn" not in page


def test_script_that_starts_it(doctor, sign_in):
    response = sign_in(doctor).get(f"{URL}?script=")

    assert response["Content-Type"] == "application/javascript"
    assert "/api/v1/schema/" in response.content.decode()
