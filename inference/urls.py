"""Addresses below /inference/."""

from django.urls import path

from inference.views import explanations, gate, predictions, similar, states

app_name = "inference"
urlpatterns = [
    path("radiographs/<uuid:pk>/", predictions.panel, name="panel"),
    path("radiographs/<uuid:pk>/similar/", similar.similar, name="similar"),
    path("predictions/<uuid:pk>/retry/", predictions.retry, name="retry"),
    path("predictions/<uuid:pk>/override/", gate.override, name="override"),
    path("predictions/<uuid:pk>/explain/", explanations.explain, name="explain"),
    path("predictions/<uuid:pk>/explanations/", explanations.explanations, name="explanations"),
    path("explanations/<uuid:pk>/overlay.png", explanations.overlay, name="overlay"),
    path("badges/", predictions.badges, name="badges"),
    path("states/", states.states, name="states"),
]
