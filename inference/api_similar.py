"""The confirmed cases most like a radiograph, over HTTP."""

from typing import ClassVar, cast

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.models import User
from accounts.roles import Capability
from images.api import ID
from images.models import Radiograph
from images.models.radiograph import RadiographQuerySet
from inference.serializers import SimilarCasesSerializer
from inference.similar import similar_cases


class SimilarCasesViewSet(GenericViewSet[Radiograph]):
    """What hangs below an image's address and needs the network; images knows nothing of it."""

    capabilities: ClassVar[dict[str, Capability]] = {"similar": Capability.VIEW_RADIOGRAPHS}
    serializer_class = SimilarCasesSerializer
    pagination_class = None

    def get_queryset(self) -> RadiographQuerySet:
        if getattr(self, "swagger_fake_view", False):
            return Radiograph.objects.none()
        return Radiograph.objects.visible_to(cast(User, self.request.user)).kept()

    @extend_schema(
        parameters=[ID],
        summary=_("Similar confirmed cases"),
        description=_(
            "The nearest confirmed cases of other patients that you may see, by cosine of the "
            "network's pooled features; reason says why there are none. Similar to the network is "
            "not a diagnosis."
        ),
    )
    @action(detail=True)
    def similar(self, request: Request, pk: str) -> Response:
        radiograph = self.get_object()
        found = similar_cases(radiograph=radiograph, viewer=cast(User, request.user))
        return Response(self.get_serializer(found).data)
