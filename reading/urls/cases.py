"""The worklist and the reading page."""

from django.urls import path

from reading.views import cases, rules, turns, worklist

urlpatterns = [
    path("", worklist.worklist, name="worklist"),
    path("<uuid:pk>/rules/", rules.rules, name="rules"),
    path("<uuid:pk>/assign/", worklist.assign, name="assign"),
    path("cases/<uuid:pk>/put-back/", worklist.put_back, name="put_back"),
    path("<uuid:pk>/read/", cases.read, name="read"),
    path("<uuid:pk>/held/", turns.held, name="held"),
    path("held/beat/", turns.beat, name="beat"),
    path("held/leave/", turns.leave, name="leave"),
    path("cases/<uuid:pk>/answer/", turns.answer, name="answer"),
    path("cases/<uuid:pk>/draft/", turns.draft, name="draft"),
    path("cases/<uuid:pk>/skip/", turns.skip, name="skip"),
    path("cases/<uuid:pk>/flag/", turns.flag, name="flag"),
    path("readings/<uuid:pk>/correct/", turns.correct, name="correct"),
    path("readings/<uuid:pk>/verdict/", turns.verdict, name="verdict"),
    path("readings/<uuid:pk>/undo/", turns.undo, name="undo"),
]
