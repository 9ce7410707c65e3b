"""Every address of the images room, asked for by everybody."""

import pytest
from django.urls import reverse

from images.models import Radiograph
from images.services import trash
from images.urls import urlpatterns
from tests.images.conftest import SIGN_IN, WAITING, answer_of

PEOPLE = (
    "anonymous", "pending", "health_worker", "doctor", "researcher", "administrator",
    "site_administrator", "stranger",
)  # fmt: skip

# `film` is the doctor's and confirmed; what is in the trash was hers too.
PAGES = {
    #                anonymous  pending  worker doctor research. admin site adm. stranger
    "list":         (SIGN_IN, WAITING, 200, 200, 200, 200, 200, 200),
    "upload":       (SIGN_IN, WAITING, 200, 200, 403, 200, 200, 200),
    "detail":       (SIGN_IN, WAITING, 200, 200, 200, 200, 200, 404),
    "edit":         (SIGN_IN, WAITING, 404, 200, 403, 200, 200, 404),
    "truth":        (SIGN_IN, WAITING, 403, 200, 403, 200, 200, 403),
    "trash":        (SIGN_IN, WAITING, 200, 200, 403, 200, 200, 200),
    "picture":      (SIGN_IN, WAITING, 200, 200, 200, 200, 200, 404),
    "thumbnail":    (SIGN_IN, WAITING, 200, 200, 200, 200, 200, 404),
    "delete":       (SIGN_IN, WAITING, 404, 404, 403, 404, 404, 404),
    "viewer":       (SIGN_IN, WAITING, 200, 200, 200, 200, 200, 404),
    "window":       (SIGN_IN, WAITING, 200, 200, 200, 200, 200, 404),
    "windows":      (SIGN_IN, WAITING, 200, 200, 200, 200, 200, 404),
    "writing":      (SIGN_IN, WAITING, 200, 200, 403, 200, 200, 200),
    "writing_review": (SIGN_IN, WAITING, 404, 200, 403, 200, 200, 404),
    "writing_cutting": (SIGN_IN, WAITING, 404, 200, 403, 200, 200, 404),
}  # fmt: skip
OF_THE_TRASH = {
    "detail":       (SIGN_IN, WAITING, 200, 200, 404, 200, 200, 404),
    "edit":         (SIGN_IN, WAITING, 404, 404, 403, 404, 404, 404),
    "truth":        (SIGN_IN, WAITING, 403, 404, 403, 404, 404, 403),
    "picture":      (SIGN_IN, WAITING, 200, 200, 404, 200, 200, 404),
    "thumbnail":    (SIGN_IN, WAITING, 200, 200, 404, 200, 200, 404),
    "delete":       (SIGN_IN, WAITING, 404, 200, 403, 200, 200, 404),
    "viewer":       (SIGN_IN, WAITING, 200, 200, 404, 200, 200, 404),
    "window":       (SIGN_IN, WAITING, 200, 200, 404, 200, 200, 404),
    "writing_review": (SIGN_IN, WAITING, 404, 404, 403, 404, 404, 404),
    "writing_cutting": (SIGN_IN, WAITING, 404, 404, 403, 404, 404, 404),
}  # fmt: skip
VERBS = {
    "trash_one":    (SIGN_IN, WAITING, 404, 302, 403, 302, 302, 404),
    "restore":      (SIGN_IN, WAITING, 404, 302, 403, 302, 302, 404),
    "delete":       (SIGN_IN, WAITING, 404, 302, 403, 302, 302, 404),
}  # fmt: skip

# Addresses with a table of their own, in the file of their pages.
ELSEWHERE = {
    "table_new", "table_template", "table", "table_apply", "table_discard",  # test_table_pages.py
    "laboratory", "laboratory_template", "laboratory_table", "laboratory_apply",
    "laboratory_discard",  # test_laboratory_access.py
    "identity",  # test_identity_page.py
    "source",  # test_quarantine.py
    "batches", "batch_new", "batch", "batch_delete",  # test_batch_pages.py
    "count", "more_filters", "layout", "saved_filters", "save_filter",  # test_list_access.py
    "change_filter", "delete_filter",  # test_saved_filters.py
    "bulk_actions", "bulk_new", "bulk_start", "bulk_action", "bulk_progress", "bulk_cancel",
    "bulk_undo", "bulk_archive",  # test_bulk_pages.py, test_bulk_export.py
    "patients", "patient",  # test_patients_page.py
    "patient_merge", "patient_consent",  # test_merge_page.py, test_consent_page.py
    "exports", "export", "copies",  # test_exports_page.py, test_copies_card.py
}  # fmt: skip


def cells(table):
    return [
        pytest.param(name, who, expected, id=f"{name}-{who}")
        for name, row in table.items()
        for who, expected in zip(PEOPLE, row, strict=True)
    ]


def address(name: str, film: Radiograph) -> str:
    alone = name in {"list", "upload", "trash", "writing"}
    return reverse(f"images:{name}", args=[] if alone else [film.pk])


@pytest.mark.parametrize(("name", "who", "expected"), cells(PAGES))
def test_page(actor, film, name, who, expected):
    assert answer_of(actor(who).get(address(name, film))) == expected


@pytest.mark.parametrize(("name", "who", "expected"), cells(OF_THE_TRASH))
def test_page_of_what_is_in_the_trash(actor, film, doctor, name, who, expected):
    trash(radiograph=film, by=doctor)
    assert answer_of(actor(who).get(address(name, film))) == expected


@pytest.mark.parametrize(("name", "who", "expected"), cells(VERBS))
def test_verb(actor, film, doctor, name, who, expected):
    if name != "trash_one":
        trash(radiograph=film, by=doctor)
    before = Radiograph.objects.get(pk=film.pk).status
    assert answer_of(actor(who).post(address(name, film))) == expected
    after = Radiograph.objects.filter(pk=film.pk).values_list("status", flat=True).first()
    assert (after != before) == (expected == 302)


@pytest.mark.parametrize("name", ["trash_one", "restore"])
def test_reading_changes_nothing(actor, film, name):
    assert actor("doctor").get(address(name, film)).status_code == 405


def test_the_tables_name_every_address():
    named = {pattern.name for pattern in urlpatterns} - ELSEWHERE
    assert named == {*PAGES, *OF_THE_TRASH, *VERBS}


@pytest.mark.parametrize("who", ["doctor", "administrator"])
def test_a_missing_radiograph_looks_like_another_institutions(actor, who):
    pk = "00000000-0000-4000-8000-000000000000"
    assert actor(who).get(reverse("images:detail", args=[pk])).status_code == 404


def test_unconfirmed_cases_are_hidden_from_researchers(actor, own_film):
    assert actor("researcher").get(own_film.get_absolute_url()).status_code == 404


@pytest.mark.parametrize("shares", [True, False])
def test_researchers_see_other_institutions_only_if_these_share(actor, film, sign_in, shares):
    from accounts.roles import Role
    from tests import factories

    film.site.shares_with_researchers = shares
    film.site.save()
    reader = factories.UserFactory(role=Role.RESEARCHER)
    expected = 200 if shares else 404
    assert sign_in(reader).get(film.get_absolute_url()).status_code == expected
