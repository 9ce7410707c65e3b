"""Heat maps over HTTP, below the prediction that they explain."""

from typing import ClassVar, cast

from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.models import User
from accounts.roles import Capability
from images.api import AnyAccept
from images.audited import saw
from images.models import Radiograph
from inference.explanation_serializers import ExplanationRequestSerializer, ExplanationSerializer
from inference.models import Explanation, Prediction
from inference.models.explanation import ExplanationQuerySet
from inference.overlays import overlay_response
from inference.services import request_explanation

PREDICTION = OpenApiParameter(
    "prediction", OpenApiTypes.UUID, OpenApiParameter.PATH, description=_("Id of the prediction")
)
ID = OpenApiParameter(
    "id", OpenApiTypes.UUID, OpenApiParameter.PATH, description=_("Id of the heat map")
)


@extend_schema_view(
    list=extend_schema(
        parameters=[PREDICTION],
        summary=_("List the heat maps of a prediction"),
        description=_("Newest first, with those that failed or are still being drawn."),
    ),
    retrieve=extend_schema(
        parameters=[PREDICTION, ID],
        summary=_("One heat map"),
        description=_("Ask again until its status is done or failed."),
    ),
)
class ExplanationViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[Explanation]):
    """Whoever may see a radiograph may ask where its predictions came from."""

    capabilities: ClassVar[dict[str, Capability]] = {
        "list": Capability.VIEW_RADIOGRAPHS,
        "create": Capability.VIEW_RADIOGRAPHS,
        "retrieve": Capability.VIEW_RADIOGRAPHS,
        "overlay": Capability.VIEW_RADIOGRAPHS,
    }
    serializer_class = ExplanationSerializer
    pagination_class = None

    def get_queryset(self) -> ExplanationQuerySet:
        rows = Explanation.objects.select_related("prediction__model", "prediction__target")
        if getattr(self, "swagger_fake_view", False):
            return rows.none()
        return rows.filter(prediction=self._prediction())

    @extend_schema(
        parameters=[PREDICTION],
        summary=_("Ask for a heat map"),
        description=_(
            "It shows which regions spoke for the positive class, drawn with the model that made "
            "the prediction: where the network looked, not why, and no proof of disease. Answers "
            "202 while it is to be drawn, 200 when it is there already."
        ),
        request=ExplanationRequestSerializer,
        responses={202: ExplanationSerializer, 200: ExplanationSerializer},
    )
    def create(self, request: Request, prediction: str) -> Response:
        wanted = ExplanationRequestSerializer(data=request.data)
        explained = self._prediction()
        wanted.is_valid(raise_exception=True)
        explanation = request_explanation(
            prediction=explained, method=wanted.validated_data["method"], by=self._person()
        )
        if explanation is None:
            raise ValidationError({"prediction": [_("Only a prediction that is done has a map.")]})
        shown = self.get_serializer(explanation).data
        status = 202 if explanation.is_open else 200
        return Response(shown, status=status, headers={"Location": shown["url"]})

    @extend_schema(
        parameters=[PREDICTION, ID],
        summary=_("The heat map as a picture, PNG with transparency"),
        description=_("Stretch it over the whole radiograph: it has no proportions of its own."),
        responses={(200, "image/png"): OpenApiTypes.BINARY},
    )
    @action(detail=True, content_negotiation_class=AnyAccept)
    def overlay(self, request: Request, prediction: str, pk: str) -> HttpResponseBase:
        shown = self.get_object()
        saw(shown.prediction.radiograph, self._person())
        return overlay_response(request._request, shown)

    def _prediction(self) -> Prediction:
        """Not found: of another institution, in the trash, no prediction or no id at all."""
        kept = Radiograph.objects.visible_to(self._person()).kept()
        rows = Prediction.objects.filter(radiograph__in=kept).select_related("radiograph")
        return cast(Prediction, get_object_or_404(rows, pk=self.kwargs["prediction"]))

    def _person(self) -> User:
        return cast(User, self.request.user)
