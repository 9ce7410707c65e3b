import pytest
from django.urls import reverse
from django.utils import timezone

from tests.news.factories import MessageFactory

pytestmark = pytest.mark.django_db


def subjects(client, **query):
    return [row.subject for row in client.get(reverse("news:inbox"), query).context["page"]]


@pytest.fixture
def messages():
    MessageFactory(subject="open")
    MessageFactory(subject="done", answered_at=timezone.now())


def test_shows_what_waits(sign_in, administrator, messages):
    assert subjects(sign_in(administrator)) == ["open"]


def test_shows_all_when_asked(sign_in, administrator, messages):
    assert set(subjects(sign_in(administrator), show="all")) == {"open", "done"}


def test_text_is_escaped(sign_in, administrator):
    MessageFactory(subject="<b>s</b>", body="<script>alert(1)</script>")
    page = sign_in(administrator).get(reverse("news:inbox")).content.decode()
    assert "<script>alert" not in page
    assert "<b>s</b>" not in page


def test_number_of_queries_does_not_grow(sign_in, administrator, django_assert_max_num_queries):
    client = sign_in(administrator)
    subjects(client)
    MessageFactory.create_batch(15, answered_at=timezone.now(), answered_by=administrator)
    with django_assert_max_num_queries(6):
        subjects(client, show="all")


def test_an_institution_reads_its_own_people_alone(sign_in, site_administrator, doctor, stranger):
    MessageFactory(subject="of a visitor")
    MessageFactory(subject="of our doctor", sender=doctor)
    MessageFactory(subject="of a stranger", sender=stranger)
    assert subjects(sign_in(site_administrator), show="all") == ["of our doctor"]


def test_the_first_page_counts_the_same_messages(sign_in, site_administrator, doctor, stranger):
    MessageFactory(sender=stranger)
    MessageFactory(sender=doctor)
    tiles = sign_in(site_administrator).get(reverse("home")).context["tiles"]
    assert [tile.value for tile in tiles if tile.url == reverse("news:inbox")] == [1]
