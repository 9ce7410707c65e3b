"""Results of a laboratory over HTTP: a dry run, a look at it, and writing it."""

from typing import Any, ClassVar, Final
from uuid import UUID

from django.core.paginator import Paginator
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from accounts.roles import Capability
from images.api import person
from images.api_tables import TableProblemSerializer, problem_of
from images.forms.laboratory import LaboratoryForm
from images.models import MetadataTable, TableKind
from images.services.dry_runs import DryRun, dry_run_of
from images.services.laboratory import receive_results
from images.services.laboratory_rows import OUTCOMES, FilmOfRow, LaboratoryRow, Statement
from images.services.laboratory_writing import (
    CORRECT,
    LEAVE,
    REASON_MAX_LENGTH,
    Asked,
    NotAsked,
    apply_results,
)
from images.upload_handlers import check_received

WORDS: Final = [
    ("refused", _("Refused")), ("conflict", _("Conflict")), ("created", _("New")),
    ("changed", _("Completed")), ("unchanged", _("As it is")),
]  # fmt: skip
CONFLICTS: Final = [(LEAVE, _("Leave what stands")), (CORRECT, _("Correct what stands"))]
TABLE_ID: Final = OpenApiParameter("table", OpenApiTypes.UUID, OpenApiParameter.PATH)


class LaboratoryUploadSerializer(serializers.Serializer[Any]):
    file = serializers.FileField(help_text=_("One CSV or XLSX file; its content decides."))
    site = serializers.UUIDField(
        required=False, help_text=_("Of an administrator of the whole platform alone.")
    )


class LaboratoryStatementSerializer(serializers.Serializer[Any]):
    result = serializers.CharField()
    sampled_on = serializers.DateField(allow_null=True)
    laboratory = serializers.CharField(allow_blank=True)
    kit = serializers.CharField(allow_blank=True)


class LaboratoryFilmSerializer(serializers.Serializer[Any]):
    radiograph = serializers.UUIDField()
    outcome = serializers.ChoiceField(choices=WORDS)
    days_apart = serializers.IntegerField(allow_null=True)
    stands = LaboratoryStatementSerializer(allow_null=True)
    row_that_speaks = serializers.IntegerField(
        allow_null=True, help_text=_("The row whose sample is nearer, where it is not this one.")
    )


class LaboratoryRowSerializer(serializers.Serializer[Any]):
    row = serializers.IntegerField(help_text=_("The row as a spreadsheet numbers it."))
    name = serializers.CharField()
    outcome = serializers.ChoiceField(choices=WORDS)
    says = LaboratoryStatementSerializer(allow_null=True)
    radiographs = LaboratoryFilmSerializer(many=True)
    problems = TableProblemSerializer(many=True)


class LaboratoryTableSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    counts = serializers.DictField(child=serializers.IntegerField())
    ignored_columns = serializers.ListField(child=serializers.CharField())
    page = serializers.IntegerField()
    pages = serializers.IntegerField()
    rows = LaboratoryRowSerializer(many=True)


class LaboratoryApplySerializer(serializers.Serializer[Any]):
    write_rest = serializers.BooleanField(
        default=False, help_text=_("Write although rows are refused; these stay out.")
    )
    conflicts = serializers.ChoiceField(
        choices=CONFLICTS, required=False, allow_blank=True, default="",
        help_text=_("What happens to what stands, where rows say something else."),
    )  # fmt: skip
    reason = serializers.CharField(
        max_length=REASON_MAX_LENGTH, required=False, allow_blank=True, default="",
        help_text=_("Of corrections; never a patient's name."),
    )  # fmt: skip


class LaboratoryWrittenSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    created = serializers.IntegerField()
    changed = serializers.IntegerField()
    refused = serializers.IntegerField()
    left = serializers.IntegerField(
        help_text=_("Rows that time did not suffice for: apply the table again.")
    )
    rows = LaboratoryRowSerializer(many=True)


class LaboratoryView(APIView):
    """The way in."""

    capabilities: ClassVar[dict[str, Capability]] = {"post": Capability.RECORD_TRUTH}
    parser_classes = (MultiPartParser,)

    @extend_schema(
        summary=_("Send results of a laboratory"),
        description=_(
            "A dry run: says of each row whether it is new, completes what stands, contradicts it "
            "or is refused, and why. Nothing is written. It waits one day."
        ),
        request={"multipart/form-data": LaboratoryUploadSerializer},
        responses={201: LaboratoryTableSerializer},
    )
    def post(self, request: Request) -> Response:
        sent = request.data  # parsing comes first: what it refused is noted on the request
        check_received(request._request)
        form = LaboratoryForm(sent, request.FILES, user=person(request))
        if not form.is_valid():
            raise ValidationError(form.errors.get_json_data())
        table = receive_results(**form.to_service())
        place = reverse("api-laboratory-table", [table.pk], request=request)
        body = _table(table, dry_run_of(table), "", "1")
        return Response(body, status=201, headers={"Location": place})


class LaboratoryTableView(APIView):
    """One's own dry run."""

    capabilities: ClassVar[dict[str, Capability]] = {"get": Capability.RECORD_TRUTH}

    @extend_schema(
        summary=_("What results of a laboratory would change"),
        description=_("Refused rows and conflicts come first, 100 rows a page at most."),
        parameters=[
            TABLE_ID,
            OpenApiParameter("show", OpenApiTypes.STR, OpenApiParameter.QUERY, enum=OUTCOMES),
            OpenApiParameter("page", OpenApiTypes.INT, OpenApiParameter.QUERY, default=1),
        ],
        responses=LaboratoryTableSerializer,
    )
    def get(self, request: Request, table: UUID) -> Response:
        own = _own(request, table)
        asked = request.query_params
        return Response(_table(own, dry_run_of(own), asked.get("show", ""), asked.get("page", "1")))


class LaboratoryApplyView(APIView):
    """Writing one's own dry run."""

    capabilities: ClassVar[dict[str, Capability]] = {"post": Capability.RECORD_TRUTH}

    @extend_schema(
        summary=_("Write results of a laboratory"),
        description=_(
            "Writes what the dry run showed. With refused rows (409, rows-refused) or rows that "
            "contradict what stands (409, conflicts-open) nothing is written unless you ask for "
            "it. What changed since the dry run is not overwritten."
        ),
        parameters=[TABLE_ID],
        request=LaboratoryApplySerializer,
        responses=LaboratoryWrittenSerializer,
    )
    def post(self, request: Request, table: UUID) -> Response:
        own = _own(request, table)
        sent = LaboratoryApplySerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        said = sent.validated_data
        asked = Asked(said["write_rest"], said["conflicts"], said["reason"])
        written = apply_results(table=own, by=person(request), asked=asked)
        return Response(
            {
                "id": str(own.pk),
                "created": own.created_count,
                "changed": own.changed_count,
                "refused": own.refused_count,
                "left": written.left,
                "rows": [_row(row) for row in written.rows],
            }
        )


def _own(request: Request, table: UUID) -> MetadataTable:
    own = MetadataTable.objects.visible_to(person(request)).filter(kind=TableKind.LABORATORY)
    return get_object_or_404(own.select_related("site"), pk=table)


def _table(table: MetadataTable, dry_run: DryRun | None, show: str, number: str) -> dict[str, Any]:
    """As LaboratoryTableSerializer describes it; plain, for it is asked for page by page."""
    if dry_run is None:
        raise NotAsked("table-gone")
    pages = dry_run.pages(*([show] if show in OUTCOMES else OUTCOMES))
    page = Paginator(pages, 1).get_page(number)
    return {
        "id": str(table.pk),
        "counts": dry_run.counts,
        "ignored_columns": list(dry_run.ignored),
        "page": page.number,
        "pages": page.paginator.num_pages,
        "rows": [
            _row(row) for parts in page.object_list for part in parts for row in dry_run.rows(part)
        ],
    }


def _row(row: LaboratoryRow) -> dict[str, Any]:
    return {
        "row": row.number,
        "name": row.name,
        "outcome": row.outcome,
        "says": _statement(row.said),
        "radiographs": [_film(film) for film in row.films],
        "problems": [problem_of(problem) for problem in row.problems],
    }


def _film(film: FilmOfRow) -> dict[str, Any]:
    return {
        "radiograph": str(film.key),
        "outcome": film.outcome,
        "days_apart": film.days_apart,
        "stands": _statement(film.stands),
        "row_that_speaks": film.nearer or None,
    }


def _statement(said: Statement | None) -> dict[str, Any] | None:
    if said is None:
        return None
    return {
        "result": said.result, "sampled_on": said.sampled_on, "laboratory": said.laboratory,
        "kit": said.kit,
    }  # fmt: skip
