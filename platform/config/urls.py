"""Every address of the platform. `/healthz` and `/readyz` are answered by config.health."""

from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.i18n import set_language

from config import local_mail, views

urlpatterns = [
    path("", views.home, name="home"),
    path("about/", views.about, name="about"),
    path("status/", views.status, name="status"),
    path("language/", login_not_required(set_language), name="set_language"),
    path("account/", include("allauth.urls")),
    path("people/", include("accounts.urls")),
    path("images/", include("images.urls")),
    path("inference/", include("inference.urls")),
    path("reading/", include("reading.urls")),
    path("retraining/", include("retraining.urls")),
    path("news/", include("news.urls")),
    path("api/v1/", include("config.api")),
    path("local-mail/", local_mail.messages, name="local-mail"),
    path("local-mail/<slug:name>/", local_mail.message, name="local-mail-message"),
]
