"""Addresses of the images room, below /images/."""

from django.urls import path

from images.views import files, pages, trash

app_name = "images"
urlpatterns = [
    path("", pages.listing, name="list"),
    path("upload/", pages.upload, name="upload"),
    path("trash/", trash.listing, name="trash"),
    path("<uuid:pk>/", pages.detail, name="detail"),
    path("<uuid:pk>/edit/", pages.edit, name="edit"),
    path("<uuid:pk>/truth/", pages.truth, name="truth"),
    path("<uuid:pk>/trash/", trash.trash_one, name="trash_one"),
    path("<uuid:pk>/restore/", trash.restore, name="restore"),
    path("<uuid:pk>/delete/", trash.delete, name="delete"),
    path("<uuid:pk>/picture.png", files.picture, name="picture"),
    path("<uuid:pk>/thumbnail.jpg", files.thumbnail, name="thumbnail"),
]
