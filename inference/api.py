"""Predictions over HTTP: list and retrieve. Workers alone write them."""

from typing import ClassVar, cast

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.viewsets import GenericViewSet

from accounts.models import User
from accounts.roles import Capability
from images.models import Radiograph
from inference.filters import PredictionFilter
from inference.models import Prediction, PredictionQuerySet
from inference.serializers import PredictionSerializer


@extend_schema_view(
    list=extend_schema(
        summary=_("List predictions"),
        description=_(
            "Newest first. One is made for each new radiograph by itself: ask again until its "
            "status is done or failed. A prediction is not a diagnosis."
        ),
    ),
    retrieve=extend_schema(
        parameters=[
            OpenApiParameter(
                "id",
                OpenApiTypes.UUID,
                OpenApiParameter.PATH,
                description=_("Id of the prediction"),
            )
        ],
        summary=_("One prediction"),
        description=_("The model is pinned: a prediction never mixes two versions."),
    ),
)
class PredictionViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[Prediction]):
    """Answers of models to the radiographs outside the trash that the reader may see."""

    capabilities: ClassVar[dict[str, Capability]] = {
        "list": Capability.VIEW_RADIOGRAPHS,
        "retrieve": Capability.VIEW_RADIOGRAPHS,
    }
    serializer_class = PredictionSerializer
    filterset_class = PredictionFilter

    def get_queryset(self) -> PredictionQuerySet:
        rows = Prediction.objects.select_related("target", "model", "predicted_class")
        if getattr(self, "swagger_fake_view", False):
            return rows.none()
        kept = Radiograph.objects.visible_to(cast(User, self.request.user)).kept()
        return rows.filter(radiograph__in=kept)
