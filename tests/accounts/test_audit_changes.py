"""Deeds upon accounts, institutions and tokens are recorded with both values."""

import pytest

from accounts import services
from accounts.models import AuditEntry
from accounts.roles import Role

pytestmark = pytest.mark.django_db


def rows(**about) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(**about).order_by("created_at", "pk"))


def test_an_approval(pending, site, site_administrator):
    services.approve(user=pending, role=Role.DOCTOR, site=site, by=site_administrator)
    (entry,) = rows()
    assert (entry.actor, entry.deed, entry.subject) == (site_administrator, "changed", "account")
    assert (entry.subject_id, entry.site) == (pending.pk, site)
    assert entry.before == {"role": "", "site": ""}
    assert entry.after == {"role": "doctor", "site": str(site.pk)}


def test_a_refusal(pending, site, site_administrator):
    services.refuse(user=pending, by=site_administrator)
    (entry,) = rows()
    assert (entry.before, entry.after, entry.site) == (
        {"is_active": True},
        {"is_active": False},
        site,
    )


def test_another_role(doctor, site, site_administrator):
    services.change_role(user=doctor, role=Role.RESEARCHER, site=site, by=site_administrator)
    (entry,) = rows()
    assert (entry.before, entry.after) == ({"role": "doctor"}, {"role": "researcher"})


def test_the_same_role_again_is_no_deed(doctor, site, site_administrator):
    services.change_role(user=doctor, role=Role.DOCTOR, site=site, by=site_administrator)
    assert not rows()


def test_another_institution_stands_in_both(doctor, site, other_site, administrator):
    services.change_role(user=doctor, role=Role.DOCTOR, site=other_site, by=administrator)
    entries = rows()
    assert {entry.site for entry in entries} == {site, other_site}
    assert {entry.after["site"] for entry in entries} == {str(other_site.pk)}


def test_closed_and_opened_again(doctor, site_administrator):
    services.deactivate(user=doctor, by=site_administrator)
    services.reactivate(user=doctor, by=site_administrator)
    assert [entry.after for entry in rows()] == [{"is_active": False}, {"is_active": True}]


def test_closing_an_account_still_works_beside_its_deeds(doctor, site_administrator):
    """What a person did stays, and the person with it: accounts are closed, never deleted."""
    services.save_profile(user=doctor, full_name="Diego D.", language="es")
    assert not services.deactivate(user=doctor, by=site_administrator).is_active
    assert rows(actor=doctor)


def test_a_name(doctor):
    services.save_profile(user=doctor, full_name="Diego D.", language=doctor.language)
    (entry,) = rows()
    assert (entry.before, entry.after) == (
        {"full_name": "Diego Doctor"}, {"full_name": "Diego D."},
    )  # fmt: skip


def test_the_first_administrator(db):
    services.create_first_administrator("first@example.org")
    (entry,) = rows()
    assert (entry.actor, entry.way, entry.after["role"]) == (None, "command", "administrator")


def test_a_new_institution(administrator):
    site = services.create_site(
        name="Hospital", code="h", shares_with_researchers=True, by=administrator, trash_days=9
    )
    (entry,) = rows()
    assert (entry.deed, entry.site, entry.before) == ("entered", site, {})
    assert (entry.after["name"], entry.after["trash_days"]) == ("Hospital", 9)


def test_rules_of_an_institution(site, site_administrator):
    facts = {"name": site.name, "code": site.code, "shares_with_researchers": True}
    services.edit_site(site=site, by=site_administrator, trash_days=30, **facts)
    (entry,) = rows()
    assert entry.before == {"shares_with_researchers": False, "trash_days": None}
    assert entry.after == {"shares_with_researchers": True, "trash_days": 30}


def test_the_same_rules_again_are_no_deed(site, site_administrator):
    facts = {"name": site.name, "code": site.code, "shares_with_researchers": False}
    services.edit_site(site=site, by=site_administrator, **facts)
    assert not rows()


def test_a_token_without_its_secret(doctor):
    token, secret = services.issue_token(user=doctor, name="notebook", scope="read", days=7)
    digest = token.digest
    services.revoke_token(token=token)
    made, gone = rows()
    assert made.after == {"name": "notebook", "scope": "read", "days": 7}
    assert (gone.deed, gone.before) == ("removed", {"name": "notebook", "scope": "read"})
    text = str(list(AuditEntry.objects.values()))
    assert secret not in text
    assert digest not in text


def test_tokens_that_go_with_the_account(doctor, site_administrator):
    for name in "ab":
        services.issue_token(user=doctor, name=name, scope="read", days=7)
    services.deactivate(user=doctor, by=site_administrator)
    (entry,) = rows(deed="removed")
    assert (entry.actor, entry.before) == (site_administrator, {"tokens": 2})
