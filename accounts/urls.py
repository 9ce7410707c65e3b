"""Addresses of the accounts room (signing in itself is allauth's, below account/)."""

from django.urls import path

from accounts.views import audit, own, people, sites

app_name = "accounts"

urlpatterns = [
    path("", people.people, name="people"),
    path("waiting/", own.pending, name="pending"),
    path("me/", own.profile, name="profile"),
    path("me/tokens/", own.tokens, name="tokens"),
    path("me/tokens/new/", own.create_token, name="create_token"),
    path("me/tokens/revoke/", own.revoke_token, name="revoke_token"),
    path("sites/", sites.sites, name="sites"),
    path("sites/new/", sites.create_site, name="create_site"),
    path("sites/<uuid:pk>/", sites.edit_site, name="edit_site"),
    path("audit/", audit.listing, name="audit"),
    path("audit/export.<slug:kind>", audit.export, name="audit_export"),
    path("<uuid:pk>/", people.person, name="person"),
    path("<uuid:pk>/approve/", people.approve, name="approve"),
    path("<uuid:pk>/refuse/", people.refuse, name="refuse"),
    path("<uuid:pk>/role/", people.change_role, name="change_role"),
    path("<uuid:pk>/deactivate/", people.deactivate, name="deactivate"),
    path("<uuid:pk>/reactivate/", people.reactivate, name="reactivate"),
]
