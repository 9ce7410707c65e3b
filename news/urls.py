"""Addresses of the news room."""

from django.urls import path

from news.feeds import feed
from news.views import contact, posts

app_name = "news"

urlpatterns = [
    path("", posts.list_posts, name="list"),
    path("new/", posts.create, name="create"),
    path("feed/", feed, name="feed"),
    path("feed/<slug:language>/", feed, name="feed"),
    path("contact/", contact.contact, name="contact"),
    path("inbox/", contact.inbox, name="inbox"),
    path("inbox/<uuid:pk>/answered/", contact.answered, name="answered"),
    path("<uuid:pk>/", posts.detail, name="detail"),
    path("<uuid:pk>/edit/", posts.edit, name="edit"),
    path("<uuid:pk>/delete/", posts.delete, name="delete"),
]
