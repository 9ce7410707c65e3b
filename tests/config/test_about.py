"""GET /about/: open to everybody."""

import pytest
from django.test import Client


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.django_db
def test_everybody_may_read_it(language):
    page = Client().get("/about/", headers={"accept-language": language})
    assert page.status_code == 200
    assert f'<html lang="{language}"' in page.content.decode()
