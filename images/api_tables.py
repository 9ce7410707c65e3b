"""A table of metadata over HTTP: what it would do to a batch, or what it did."""

from typing import Any, ClassVar, Final

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.roles import Capability
from images.api import person
from images.forms.tables import TableForm
from images.models import UploadBatch
from images.services.table_plan import Change, Plan, PlannedRow
from images.services.table_subjects import to_json
from images.services.tables import Applied, apply_table, plan_table
from images.tables import Problem
from images.upload_handlers import check_received

# Of images.services.table_plan.OUTCOMES, in the words of the page.
OUTCOMES: Final = [
    ("created", _("New")), ("changed", _("Changed")), ("unchanged", _("As it is")),
    ("refused", _("Refused")),
]  # fmt: skip


class TableUploadSerializer(serializers.Serializer[Any]):
    file = serializers.FileField(help_text=_("One CSV or XLSX file; its content decides."))


class TableChangeSerializer(serializers.Serializer[Any]):
    field = serializers.CharField()
    column = serializers.CharField()
    old = serializers.JSONField(allow_null=True)
    new = serializers.JSONField()


class TableProblemSerializer(serializers.Serializer[Any]):
    field = serializers.CharField()
    column = serializers.CharField()
    code = serializers.CharField()
    sentence = serializers.CharField()


class TableRowSerializer(serializers.Serializer[Any]):
    row = serializers.IntegerField(help_text=_("The row as a spreadsheet numbers it."))
    name = serializers.CharField()
    outcome = serializers.ChoiceField(choices=OUTCOMES)
    changes = TableChangeSerializer(many=True)
    problems = TableProblemSerializer(many=True)


class TableAnswerSerializer(serializers.Serializer[Any]):
    applied = serializers.BooleanField()
    left = serializers.IntegerField(
        help_text=_("Rows that time did not suffice for: send the table again.")
    )
    counts = serializers.DictField(child=serializers.IntegerField())
    ignored_columns = serializers.ListField(child=serializers.CharField())
    missing_files = serializers.ListField(child=serializers.CharField())
    rows = TableRowSerializer(many=True)


class BatchTableView(APIView):
    """The table beside the files of one's own batch. Nothing of the file is kept."""

    capabilities: ClassVar[dict[str, Capability]] = {"post": Capability.ADD_RADIOGRAPHS}
    parser_classes = (MultiPartParser,)

    @extend_schema(
        summary=_("Send a table of metadata"),
        description=_(
            "Says what each row would create, change or be refused for; with apply=true also "
            "writes what is not refused. The same table twice changes nothing more."
        ),
        parameters=[
            OpenApiParameter("batch", OpenApiTypes.UUID, OpenApiParameter.PATH),
            OpenApiParameter("apply", OpenApiTypes.BOOL, OpenApiParameter.QUERY, default=False),
        ],
        request={"multipart/form-data": TableUploadSerializer},
        responses=TableAnswerSerializer,
    )
    def post(self, request: Request, batch: str) -> Response:
        sent = request.data  # parsing comes first: what it refused is noted on the request
        check_received(request._request)
        applies = serializers.BooleanField().run_validation(
            request.query_params.get("apply", "false")
        )
        own = UploadBatch.objects.changeable_by(person(request)).select_related("site")
        form = TableForm(
            sent, request.FILES, user=person(request), batch=get_object_or_404(own, pk=batch)
        )
        if not form.is_valid():
            raise ValidationError(form.errors.get_json_data())
        plan = plan_table(**form.to_service())
        done = apply_table(plan=plan, by=person(request)) if applies else Applied(plan, left=0)
        return Response(answer_of(done.plan, left=done.left) | {"applied": applies})


def answer_of(plan: Plan, left: int) -> dict[str, Any]:
    """The plan as TableAnswerSerializer describes it; plain, for there may be 20,000 rows."""
    return {
        "left": left,
        "counts": plan.counts(),
        "ignored_columns": list(plan.ignored),
        "missing_files": list(plan.missing),
        "rows": [_row(row) for row in plan.rows],
    }


def _row(row: PlannedRow) -> dict[str, Any]:
    return {
        "row": row.number,
        "name": row.name,
        "outcome": row.outcome,
        "changes": [_change(change) for change in row.changes],
        "problems": [problem_of(problem) for problem in row.problems],
    }


def _change(change: Change) -> dict[str, Any]:
    values = to_json({change.about: change.new})
    old = None if change.old is None else to_json({change.about: change.old})[change.about]
    return {
        "field": change.about.value, "column": change.column, "old": old,
        "new": values[change.about],
    }  # fmt: skip


def problem_of(problem: Problem) -> dict[str, Any]:
    return {
        "field": problem.about.value, "column": problem.column, "code": problem.code,
        "sentence": problem.sentence,
    }  # fmt: skip
