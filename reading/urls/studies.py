"""Reader studies."""

from django.urls import path

from reading.views import studies, study_adjudication, study_results

urlpatterns = [
    path("", studies.listing, name="studies"),
    path("new/", studies.new, name="study_new"),
    path("<uuid:pk>/", studies.study, name="study"),
    path("<uuid:pk>/change/", studies.change, name="study_change"),
    path("<uuid:pk>/close/", studies.close, name="study_close"),
    path("<uuid:pk>/adjudicate/", study_adjudication.adjudicate, name="study_adjudicate"),
    path("<uuid:pk>/results/", study_results.results, name="study_results"),
    path("<uuid:pk>/export.zip", study_results.export, name="study_export"),
]
