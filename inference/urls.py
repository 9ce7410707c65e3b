"""Addresses below /inference/."""

from django.urls import path

from inference import views

app_name = "inference"
urlpatterns = [
    path("radiographs/<uuid:pk>/", views.panel, name="panel"),
    path("predictions/<uuid:pk>/retry/", views.retry, name="retry"),
    path("badges/", views.badges, name="badges"),
]
