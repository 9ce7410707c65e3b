"""Addresses of the retraining room, below /retraining/."""

from django.urls import path

from retraining.views import impact, labels

app_name = "retraining"
urlpatterns = [
    path("labels/", labels.listing, name="labels"),
    path("labels/check/", labels.start_check, name="start_label_check"),
    path("labels/check/<uuid:target>/", labels.check, name="label_check"),
    path("labels/<uuid:pk>/", labels.judge, name="judge_label"),
    path("impact/table/<uuid:pk>/", impact.of_table, name="impact-of-table"),
    path("impact/bulk/", impact.of_bulk, name="impact-of-bulk"),
    path("impact/<uuid:pk>/", impact.one, name="impact"),
]
