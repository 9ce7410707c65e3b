"""The one router of the API, version 1."""

from typing import Any

from django.urls import path, re_path
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView

from accounts.api_audit import AuditViewSet
from config import openapi
from images.api import ImageViewSet, TargetViewSet
from images.api_batches import BatchFileViewSet, BatchViewSet
from images.api_bundles import BatchBundleView
from images.api_cases import CasesCsvView, CasesZipView
from images.api_exports import ExportViewSet
from images.api_laboratory import LaboratoryApplyView, LaboratoryTableView, LaboratoryView
from images.api_tables import BatchTableView
from inference.api import PredictionViewSet
from inference.api_explanations import ExplanationViewSet
from inference.api_similar import SimilarCasesViewSet
from reading.api import StudyViewSet


class Router(SimpleRouter):
    """Takes addresses with and without the last slash: a POST cannot be redirected."""

    def __init__(self) -> None:
        super().__init__()
        self.trailing_slash = "/?"


@extend_schema(exclude=True)
class NoSuchAddress(APIView):
    """A mistyped address gets a problem in JSON too, not a page."""

    permission_classes = (AllowAny,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise NotFound


router = Router()
router.register("images", ImageViewSet, basename="api-images")
router.register("batches", BatchViewSet, basename="api-batches")
router.register("batches/(?P<batch>[^/.]+)/files", BatchFileViewSet, basename="api-batch-files")
router.register("images", SimilarCasesViewSet, basename="api-cases")
router.register("predictions", PredictionViewSet, basename="api-predictions")
router.register(
    "predictions/(?P<prediction>[^/.]+)/explanations",
    ExplanationViewSet,
    basename="api-explanations",
)
router.register("exports", ExportViewSet, basename="api-exports")
router.register("studies", StudyViewSet, basename="api-studies")
router.register("audit", AuditViewSet, basename="api-audit")
router.register("targets", TargetViewSet, basename="api-targets")

urlpatterns = [
    *router.urls,
    re_path(
        r"^batches/(?P<batch>[0-9a-f-]{36})/table/?$", BatchTableView.as_view(), name="api-table"
    ),
    re_path(
        r"^batches/(?P<batch>[0-9a-f-]{36})/bundle/?$", BatchBundleView.as_view(), name="api-bundle"
    ),
    re_path(r"^laboratory/?$", LaboratoryView.as_view(), name="api-laboratory"),
    re_path(
        r"^laboratory/(?P<table>[0-9a-f-]{36})/?$",
        LaboratoryTableView.as_view(),
        name="api-laboratory-table",
    ),
    re_path(
        r"^laboratory/(?P<table>[0-9a-f-]{36})/apply/?$",
        LaboratoryApplyView.as_view(),
        name="api-laboratory-apply",
    ),
    path("cases.csv", CasesCsvView.as_view(), name="api-cases-csv"),
    path("cases.zip", CasesZipView.as_view(), name="api-cases-zip"),
    path("schema/", openapi.schema, name="api-schema"),
    path("docs/", openapi.docs, name="api-docs"),
    re_path("", NoSuchAddress.as_view()),
]
