"""Addresses of the retraining room, below /retraining/."""

from django.urls import path

from retraining.views import (
    audit,
    cards,
    dashboard,
    drift,
    impact,
    labels,
    promoting,
    reproducing,
    rules,
    runs,
    schedule,
    targets,
    transfer,
    versions,
)

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

# Promotion; the verbs of one version or attempt.
urlpatterns += [
    path("versions/<uuid:pk>/gate/", promoting.gate, name="gate"),
    path("versions/<uuid:pk>/promote/", promoting.promote, name="promote"),
    path("versions/<uuid:pk>/shadow/", promoting.shadow, name="shadow"),
    path("versions/<uuid:pk>/shadow/stop/", promoting.shadow_stop, name="shadow_stop"),
    path("versions/<uuid:pk>/compare/", promoting.compare, name="compare"),
    path("promotions/<uuid:pk>/", promoting.promotion, name="promotion"),
    path("targets/new/", targets.new, name="target_new"),
]

# Models between installations.
urlpatterns += [
    path("versions/<uuid:pk>/export/", transfer.export, name="export"),
    path("import/", transfer.import_model, name="import_model"),
    path("import/<uuid:pk>/", transfer.import_state, name="import_state"),
    path("keys/", transfer.keys, name="keys"),
    path("keys/<uuid:pk>/delete/", transfer.key_delete, name="key_delete"),
]

# The room itself. What begins with a target's code comes last: fixed words go before.
urlpatterns += [
    path("", dashboard.dashboard, name="dashboard"),
    path("runs/<uuid:pk>/", runs.run, name="run"),
    path("runs/<uuid:pk>/live/", runs.live, name="run_live"),
    path("runs/<uuid:pk>/epochs.csv", runs.epochs_csv, name="run_csv"),
    path("runs/<uuid:pk>/cancel/", runs.cancel, name="run_cancel"),
    path("runs/<uuid:pk>/resume/", runs.resume, name="run_resume"),
    path("versions/<uuid:pk>/", versions.version, name="version"),
    path("versions/<uuid:pk>/card.<str:kind>", cards.card, name="card"),
    path("versions/<uuid:pk>/audit/", audit.audit, name="audit"),
    path("versions/<uuid:pk>/audit/again/", audit.again, name="audit_again"),
    path("versions/<uuid:pk>/reproduce/", reproducing.reproduce, name="reproduce"),
    path("versions/<uuid:pk>/reproduction/", reproducing.reproduction, name="reproduction"),
    path("versions/<uuid:pk>/charts/<slug:name>.csv", versions.chart_csv, name="chart_csv"),
    path("<slug:target>/", dashboard.target, name="target"),
    path("<slug:target>/start/", dashboard.start, name="start"),
    path("<slug:target>/preflight/", dashboard.preflight, name="preflight"),
]

# Of one target: after all fixed words, as those above.
urlpatterns += [
    path("<slug:target>/service/", promoting.service, name="service"),
    path("<slug:target>/rollback/", promoting.rollback, name="rollback"),
    path("<slug:target>/rules/", rules.rules, name="rules"),
    path("<slug:target>/schedule/", schedule.schedule, name="schedule"),
    path("<slug:target>/drift/", drift.drift, name="drift"),
    path("<slug:target>/drift/check/", drift.check, name="drift_check"),
]
