"""`manage.py seed_demo`: something to look at, marked for what it is, in local mode only."""

import io

import pytest
from django.core.management import call_command
from django.test import TestCase

from accounts.models import User
from accounts.roles import Role
from config import demo
from config.start.trouble import StartFailed
from images.models import GroundTruth, Patient, Radiograph
from news.models import NewsPost


def counts():
    return [model.objects.count() for model in (User, Radiograph, Patient, GroundTruth, NewsPost)]


class SeededTests(TestCase):
    """Seeded once for all of them: thirteen films take some seconds."""

    @classmethod
    def setUpTestData(cls):
        cls.printed = io.StringIO()
        call_command("seed_demo", stdout=cls.printed)

    def test_the_command_prints_how_to_sign_in(self):
        printed = self.printed.getvalue()
        assert all(f"{one.email}  {one.password}" in printed for one in demo.ACCOUNTS)

    def test_every_role_has_an_account(self):
        assert {user.role for user in User.objects.all()} == set(Role.values)

    def test_a_dozen_films_are_marked_synthetic(self):
        assert Radiograph.objects.filter(is_synthetic=True).count() == 12

    def test_the_real_public_film_is_there_and_not_marked(self):
        film = Radiograph.objects.get(is_synthetic=False)
        assert (film.patient.code, film.source_format) == ("RG1", "dicom")
        assert film.dicom_facts["photometric"] == "MONOCHROME1"

    def test_some_are_confirmed_some_ruled_out_some_open(self):
        results = [truth.result for truth in GroundTruth.objects.current()]
        assert (results.count("positive"), results.count("negative")) == (4, 4)

    def test_news_are_in_both_languages(self):
        assert NewsPost.objects.published().count() == 3
        assert all(post.body_es and post.body_en for post in NewsPost.objects.all())

    def test_a_second_time_changes_nothing(self):
        before = counts()
        assert demo.seed(lambda line: None) == 0
        assert counts() == before


@pytest.mark.parametrize("account", demo.ACCOUNTS, ids=lambda account: account.role)
def test_the_accounts_can_enter(account, site, client):
    demo.ensure_account(account, site)
    form = {"login": account.email, "password": account.password}
    answer = client.post("/account/login/", form, follow=True)
    assert answer.context["user"].email == account.email


@pytest.mark.django_db
def test_production_is_refused(settings):
    settings.LOCAL_MODE = False
    with pytest.raises(StartFailed, match="local mode only"):
        demo.seed(lambda line: None)
    assert counts() == [0, 0, 0, 0, 0]


def test_the_password_is_drawn_for_each_installation(settings, tmp_path):
    drawn = set()
    for name in ("one", "another"):
        settings.DATA_DIR = tmp_path / name
        drawn |= {account.password for account in demo.ACCOUNTS}
    assert len(drawn) == 2
    assert {len(password) for password in drawn} == {16}
