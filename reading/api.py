"""Reader studies over HTTP: which there are, their figures, and the whole of one as an archive."""

from typing import ClassVar

from django.http import StreamingHttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.audit import Way
from accounts.roles import Capability
from images.api import AnyAccept, person
from reading.exports import protocol_of
from reading.models import ReadingList
from reading.models.lists import ReadingListQuerySet
from reading.studies import may_export, may_see_results, part_of
from reading.study_rows import study_results
from reading.views.study_results import archive_response

STUDY_ID = OpenApiParameter(
    "id", OpenApiTypes.UUID, OpenApiParameter.PATH, description=_("Id of the study")
)


class StudySerializer(serializers.ModelSerializer[ReadingList]):
    site = serializers.CharField(source="site.code", read_only=True)
    target = serializers.CharField(source="target.code", read_only=True)
    your_part = serializers.SerializerMethodField(
        help_text=_("reader, adjudicator, or empty for who has no part in it.")
    )

    class Meta:
        model = ReadingList
        fields = (
            "id", "name", "purpose", "site", "target", "hides_model", "your_part", "created_at",
            "closed_at",
        )  # fmt: skip

    def get_your_part(self, study: ReadingList) -> str:
        return part_of(study, person(self.context["request"]))


@extend_schema_view(
    list=extend_schema(
        summary=_("Reader studies"),
        description=_("Those that you have a part in, or manage, newest first."),
    ),
    retrieve=extend_schema(parameters=[STUDY_ID], summary=_("One reader study")),
)
class StudyViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[ReadingList]):
    capabilities: ClassVar[dict[str, Capability]] = {
        "list": Capability.READ_CASES,
        "retrieve": Capability.READ_CASES,
        "results": Capability.READ_CASES,
        "export": Capability.MANAGE_STUDIES,
    }
    serializer_class = StudySerializer

    def get_queryset(self) -> ReadingListQuerySet:
        if getattr(self, "swagger_fake_view", False):
            return ReadingList.objects.none()
        studies = ReadingList.objects.visible_to(person(self.request)).studies()
        return studies.select_related("site", "target")

    @extend_schema(
        parameters=[STUDY_ID],
        summary=_("Figures of a study"),
        description=_(
            "The protocol and all figures, as in the export: kappa, sensitivity and specificity "
            "with 95 % intervals, null where there is none. Who reads or decides in a study gets "
            "them once it is closed."
        ),
        responses=OpenApiTypes.OBJECT,
    )
    @action(detail=True)
    def results(self, request: Request, pk: str) -> Response:
        study = self.get_object()
        if not may_see_results(study, person(request)):
            raise PermissionDenied(_("You see the results once the study is closed."))
        found = study_results(study)
        return Response({"protocol": protocol_of(study, found), "results": found.to_dict()})

    @extend_schema(
        parameters=[STUDY_ID],
        summary=_("A whole study as ZIP"),
        description=_(
            "README.txt, protocol.json, cases.csv, readings.csv, results.json and SHA256SUMS. "
            "Readers are numbers, patients pseudonyms."
        ),
        responses={(200, "application/zip"): OpenApiTypes.BINARY},
    )
    @action(detail=True, content_negotiation_class=AnyAccept)
    def export(self, request: Request, pk: str) -> StreamingHttpResponse:
        study = self.get_object()
        if not may_export(study, person(request)):
            raise PermissionDenied(_("You see the results once the study is closed."))
        return archive_response(study, person(request), Way.API)
