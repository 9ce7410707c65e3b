"""Addresses of the reading room: cases to be read, and reader studies."""

from django.urls import include, path

app_name = "reading"

urlpatterns = [
    path("studies/", include("reading.urls.studies")),
    path("", include("reading.urls.cases")),
]
