"""Radiographs and targets over HTTP."""

from collections.abc import Iterable
from typing import ClassVar, cast

from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from accounts.models import User
from accounts.roles import Capability
from images.audited import saw
from images.filters import RadiographFilter
from images.models import Radiograph, Target
from images.models.radiograph import RadiographQuerySet
from images.serializers import (
    RadiographDetailSerializer,
    RadiographSerializer,
    RadiographUploadSerializer,
    StoredRadiographSerializer,
    TargetSerializer,
)
from images.serializers_truth import ChangedTruthSerializer, TruthPatchSerializer
from images.services import (
    ChangedMeanwhile,
    StoredRadiograph,
    record_truth,
    store_radiograph,
    trash,
)
from images.serving import Served, stored_file
from images.upload_handlers import check_received


class AnyAccept(BaseContentNegotiation):
    """Files go out as what they are whatever `Accept` says; only problems are rendered, as JSON."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        return next(iter(parsers), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


ID = OpenApiParameter(
    "id", OpenApiTypes.UUID, OpenApiParameter.PATH, description=_("Id of the radiograph")
)


def person(request: Request) -> User:
    return cast(User, request.user)


@extend_schema_view(
    list=extend_schema(
        summary=_("List radiographs"),
        description=_(
            "Those that you may see and that are not in the trash, newest first. Researchers see "
            "confirmed cases alone, with a pseudonym for the patient code."
        ),
    ),
    retrieve=extend_schema(
        parameters=[ID],
        summary=_("One radiograph"),
        description=_("A radiograph of another institution looks exactly like a missing one."),
    ),
)
class ImageViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[Radiograph]):
    """Radiographs outside the trash; the trash itself is on the pages."""

    capabilities: ClassVar[dict[str, Capability]] = {
        "list": Capability.VIEW_RADIOGRAPHS,
        "create": Capability.ADD_RADIOGRAPHS,
        "retrieve": Capability.VIEW_RADIOGRAPHS,
        "partial_update": Capability.RECORD_TRUTH,
        "destroy": Capability.EDIT_RADIOGRAPHS,
        "picture": Capability.VIEW_RADIOGRAPHS,
    }
    parser_classes = (*APIView.parser_classes, MultiPartParser)
    serializer_class = RadiographSerializer
    filterset_class = RadiographFilter

    def get_queryset(self) -> RadiographQuerySet:
        if getattr(self, "swagger_fake_view", False):
            return Radiograph.objects.none()
        found = Radiograph.objects.visible_to(person(self.request)).kept().with_current_truths()
        return found.with_statements() if self.action == "retrieve" else found

    @extend_schema(
        summary=_("Upload a radiograph"),
        description=_(
            "Answers 201 for a new radiograph. Where the institution already has the same pixels "
            "nothing is stored: the answer is 200 with the existing radiograph and duplicate true. "
            "Predictions follow by themselves."
        ),
        request={"multipart/form-data": RadiographUploadSerializer},
        responses={201: StoredRadiographSerializer, 200: StoredRadiographSerializer},
    )
    def create(self, request: Request) -> Response:
        sent = request.data  # parsing comes first: what it refused is noted on the request
        check_received(request._request)
        upload = RadiographUploadSerializer(data=sent, context=self.get_serializer_context())
        upload.is_valid(raise_exception=True)
        facts = upload.to_service()
        stored = store_radiograph(uploader=person(request), **facts)
        radiograph = _with_truths(stored, says_nothing=not facts["truths"])
        context = {**self.get_serializer_context(), "duplicate": not stored.created}
        return Response(
            StoredRadiographSerializer(radiograph, context=context).data,
            status=201 if stored.created else 200,
            headers={"Location": reverse("api-images-detail", [radiograph.pk], request=request)},
        )

    def get_serializer_class(self) -> type[RadiographSerializer]:
        # An answer about many tells no histories.
        return RadiographSerializer if self.action == "list" else RadiographDetailSerializer

    def retrieve(self, request: Request, pk: str) -> Response:
        radiograph = self.get_object()
        saw(radiograph, person(request))
        return Response(self.get_serializer(radiograph).data)

    @extend_schema(
        parameters=[ID],
        summary=_("Record the result of a confirming test"),
        description=_(
            "Ground truth is only ever added to: the new statement supersedes the current one of "
            "the same target, which stays in the history. Where another person was first it is "
            "stored without being taken: see expected."
        ),
        request={"application/json": TruthPatchSerializer},
        responses={200: RadiographDetailSerializer, 409: ChangedTruthSerializer},
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        radiograph = self.get_object()
        patch = TruthPatchSerializer(data=request.data)
        patch.is_valid(raise_exception=True)
        try:
            record_truth(radiograph=radiograph, entered_by=person(request), **patch.to_service())
        except ChangedMeanwhile as changed:
            body = ChangedTruthSerializer.body_of(changed, self.get_serializer_context())
            return Response(body, status=409)
        now = Radiograph.objects.with_current_truths().with_statements().get(pk=radiograph.pk)
        return Response(self.get_serializer(now).data)

    @extend_schema(
        parameters=[ID],
        summary=_("Put a radiograph in the trash"),
        description=_(
            "It can be restored on the pages. Health workers do this to their own uploads only."
        ),
        responses={204: None},
    )
    def destroy(self, request: Request, pk: str) -> Response:
        radiograph = self.get_object()
        editable = Radiograph.objects.editable_by(person(request))
        if not editable.filter(pk=radiograph.pk).exists():
            raise PermissionDenied
        trash(radiograph=radiograph, by=person(request))
        return Response(status=204)

    @extend_schema(
        parameters=[ID],
        summary=_("The lossless picture, as PNG"),
        description=_("8 or 16 bits: show it with display_low as black and display_high as white."),
        responses={
            (200, "image/png"): OpenApiTypes.BINARY,
            (206, "image/png"): OpenApiTypes.BINARY,
        },
    )
    @action(detail=True, content_negotiation_class=AnyAccept, filterset_class=None)
    def picture(self, request: Request, pk: str) -> HttpResponseBase:
        radiograph = self.get_object()
        saw(radiograph, person(request))
        served = Served("image/png", f"{radiograph.pk}.png", radiograph.file_sha256)
        return stored_file(request._request, radiograph.file.name, served)


def _with_truths(stored: StoredRadiograph, *, says_nothing: bool) -> Radiograph:
    """As `with_current_truths` loads it; of a new one of which nothing was said all is at hand."""
    if stored.created and says_nothing:
        stored.radiograph.current_truths = []  # type: ignore[attr-defined]
        return stored.radiograph
    return Radiograph.objects.with_current_truths().get(pk=stored.radiograph.pk)


@extend_schema_view(
    list=extend_schema(
        summary=_("List targets"),
        description=_("What is asked of a radiograph, and which test confirms the answer."),
    )
)
class TargetViewSet(ListModelMixin, GenericViewSet[Target]):
    """Active targets with their classes. Not paged: there are few."""

    capabilities: ClassVar[dict[str, Capability]] = {"list": Capability.VIEW_RADIOGRAPHS}
    queryset = Target.objects.filter(is_active=True).prefetch_related("classes")
    serializer_class = TargetSerializer
    pagination_class = None
