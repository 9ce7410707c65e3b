"""Predictions over HTTP: list and retrieve. Workers alone write them."""

from typing import ClassVar, cast

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.models import User
from accounts.roles import Capability
from images.models import Radiograph
from inference.filters import PredictionFilter
from inference.models import GateOverride, Prediction, PredictionQuerySet
from inference.serializers import GateOverrideSerializer, PredictionSerializer
from inference.services import NotStopped, override_gate

ID = OpenApiParameter(
    "id", OpenApiTypes.UUID, OpenApiParameter.PATH, description=_("Id of the prediction")
)


@extend_schema_view(
    list=extend_schema(
        summary=_("List predictions"),
        description=_(
            "Newest first. One is made for each new radiograph by itself: ask again until its "
            "status is done or failed. A prediction is not a diagnosis."
        ),
    ),
    retrieve=extend_schema(
        parameters=[ID],
        summary=_("One prediction"),
        description=_("The model is pinned: a prediction never mixes two versions."),
    ),
)
class PredictionViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[Prediction]):
    """Answers of models to the radiographs outside the trash that the reader may see."""

    capabilities: ClassVar[dict[str, Capability]] = {
        "list": Capability.VIEW_RADIOGRAPHS,
        "retrieve": Capability.VIEW_RADIOGRAPHS,
        "override": Capability.EDIT_RADIOGRAPHS,
    }
    serializer_class = PredictionSerializer
    filterset_class = PredictionFilter

    def get_queryset(self) -> PredictionQuerySet:
        rows = Prediction.objects.select_related("target", "model", "predicted_class", "stages")
        if getattr(self, "swagger_fake_view", False):
            return rows.none()
        person = cast(User, self.request.user)
        override = self.action == "override"
        seen = Radiograph.objects.editable_by if override else Radiograph.objects.visible_to
        vouched = GateOverride.objects.filter(radiograph=OuterRef("radiograph"))
        rows = rows.filter(radiograph__in=seen(person).kept())
        return cast(PredictionQuerySet, rows.annotate(gate_was_overridden=Exists(vouched)))

    @extend_schema(
        parameters=[ID],
        summary=_("Predict all the same"),
        description=_(
            "For an image that the check took for something else than a frontal chest radiograph "
            "(error code not-frontal). Name and reason stay with every result of the image. "
            "Answers 202 with the prediction that is made now."
        ),
        request=GateOverrideSerializer,
        responses={202: PredictionSerializer},
    )
    @action(detail=True, methods=["post"])
    def override(self, request: Request, pk: str) -> Response:
        stopped = self.get_object()
        given = GateOverrideSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        try:
            override_gate(prediction=stopped, by=cast(User, request.user), **given.validated_data)
        except NotStopped as problem:
            sentence = _("The check did not stop this prediction.")
            raise ValidationError({"prediction": [sentence]}) from problem
        same = self.get_queryset().filter(radiograph=stopped.radiograph, target=stopped.target)
        newest = same.order_by("-created_at", "-pk").first()
        return Response(self.get_serializer(newest).data, status=202)
