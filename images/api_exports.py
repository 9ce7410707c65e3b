"""A person's exports over HTTP, and which of their cases are to be deleted."""

from typing import ClassVar

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.roles import Capability
from images.api import person
from images.models import Export
from images.models.export import ExportQuerySet
from images.services.export_record import gone_from

EXPORT_ID = OpenApiParameter(
    "id", OpenApiTypes.UUID, OpenApiParameter.PATH, description=_("Id of the export")
)


class ExportSerializer(serializers.ModelSerializer[Export]):
    withdrawn = serializers.IntegerField(
        source="gone", help_text=_("Cases to be deleted: withdrawn or deleted since.")
    )

    class Meta:
        model = Export
        fields = ("id", "kind", "query", "cases", "created_at", "finished_at", "withdrawn")


@extend_schema_view(
    list=extend_schema(
        summary=_("Your exports"),
        description=_(
            "Newest first. finished_at is null where the download broke off; withdrawn counts the "
            "cases that you have to delete."
        ),
    )
)
class ExportViewSet(ListModelMixin, GenericViewSet[Export]):
    capabilities: ClassVar[dict[str, Capability]] = {
        "list": Capability.EXPORT_CASES,
        "withdrawn": Capability.EXPORT_CASES,
    }
    serializer_class = ExportSerializer

    def get_queryset(self) -> ExportQuerySet:
        if getattr(self, "swagger_fake_view", False):
            return Export.objects.none()
        exports = Export.objects.visible_to(person(self.request))
        return exports.with_gone() if self.action == "list" else exports

    @extend_schema(
        parameters=[EXPORT_ID],
        summary=_("Cases of an export that you have to delete"),
        description=_(
            "Ids as in metadata.csv, of patients who withdrew their consent and of cases that "
            "were deleted since. Not paged."
        ),
        responses=serializers.ListSerializer(child=serializers.UUIDField()),
    )
    @action(detail=True, pagination_class=None)
    def withdrawn(self, request: Request, pk: str) -> Response:
        return Response([str(key) for key in gone_from(self.get_object())])
