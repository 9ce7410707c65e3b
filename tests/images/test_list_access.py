"""The addresses around the list, asked for by everybody."""

import pytest
from django.urls import reverse

from tests.images.conftest import SIGN_IN, WAITING, answer_of
from tests.images.test_access import cells

READ = {
    #                 anonymous  pending  worker doctor research. admin site adm. stranger
    "count":         (SIGN_IN, WAITING, 200, 200, 200, 200, 200, 200),
    "more_filters":  (SIGN_IN, WAITING, 200, 200, 200, 200, 200, 200),
    "layout":        (SIGN_IN, WAITING, 200, 200, 200, 200, 200, 200),
    "saved_filters": (SIGN_IN, WAITING, 200, 200, 200, 200, 200, 200),
    "bulk_actions":  (SIGN_IN, WAITING, 200, 200, 200, 200, 200, 200),
    "bulk_new":      (SIGN_IN, WAITING, 405, 405, 405, 405, 405, 405),
    "bulk_start":    (SIGN_IN, WAITING, 405, 405, 405, 405, 405, 405),
    "save_filter":   (SIGN_IN, WAITING, 405, 405, 405, 405, 405, 405),
}  # fmt: skip
# Nothing is sent with them: who may send something hears what is missing.
SENT = {
    "bulk_new":      (SIGN_IN, WAITING, 400, 400, 400, 400, 400, 400),
    "bulk_start":    (SIGN_IN, WAITING, 400, 400, 400, 400, 400, 400),
    "save_filter":   (SIGN_IN, WAITING, 400, 400, 400, 400, 400, 400),
    "layout":        (SIGN_IN, WAITING, 400, 400, 400, 400, 400, 400),
}  # fmt: skip


@pytest.mark.parametrize(("name", "who", "expected"), cells(READ))
def test_read(actor, film, name, who, expected):
    assert answer_of(actor(who).get(reverse(f"images:{name}"))) == expected


@pytest.mark.parametrize(("name", "who", "expected"), cells(SENT))
def test_sent(actor, film, name, who, expected):
    assert answer_of(actor(who).post(reverse(f"images:{name}"))) == expected
