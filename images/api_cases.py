"""Labelled cases over HTTP: a streamed CSV and a streamed ZIP."""

import logging
from collections.abc import Iterator
from functools import cached_property
from typing import ClassVar, cast
from urllib.parse import urlencode

from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_filters.utils import translate_validation
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request

from accounts.roles import Capability
from images import exports
from images.api import AnyAccept, person
from images.bulk.export import HIDDEN
from images.filters import RadiographFilter
from images.models import Radiograph
from images.models.export import ExportKind
from images.models.radiograph import RadiographQuerySet
from images.services.export_record import ExportRecord

logger = logging.getLogger(__name__)


class CasesView(GenericAPIView[Radiograph]):
    """Base of the exports: real cases confirmed by a test, by any filter of the list."""

    capabilities: ClassVar[dict[str, Capability]] = {"get": Capability.EXPORT_CASES}
    content_negotiation_class = AnyAccept
    filterset_class = RadiographFilter
    pagination_class = None

    def get_queryset(self) -> RadiographQuerySet:
        if getattr(self, "swagger_fake_view", False):
            return Radiograph.objects.none()
        return Radiograph.objects.visible_to(person(self.request))

    @cached_property
    def chosen(self) -> RadiographFilter:
        return RadiographFilter(
            self.request.query_params, self.get_queryset(), request=self.request._request
        )

    def cases(self) -> RadiographQuerySet:
        """What the address asks for; synthetic pictures only by a clear `synthetic=true`."""
        if not self.chosen.is_valid():  # type: ignore[no-untyped-call]
            raise translate_validation(self.chosen.errors)
        cases = exports.labelled(cast(RadiographQuerySet, self.chosen.qs))
        only_synthetic = self.chosen.form.cleaned_data["synthetic"] is True
        return cases.filter(is_synthetic=only_synthetic)

    def query_without_codes(self) -> str:
        """The filters in force, as in an address. A patient's code must not leave with the archive:
        beside a single pseudonym it would tell whose it is."""
        asked = self.request.query_params
        in_force = [name for name in self.chosen.filters if asked.get(name)]
        told = {name: "*" if name in HIDDEN else asked[name] for name in in_force}
        return urlencode(told, safe="*")

    def record(self, kind: ExportKind, cases: RadiographQuerySet) -> ExportRecord:
        query = self.query_without_codes()
        return ExportRecord(owner=person(self.request), kind=kind, query=query, cases=cases)

    def attachment(
        self, content: Iterator[str] | Iterator[bytes], content_type: str, suffix: str
    ) -> StreamingHttpResponse:
        logger.info("cases exported user=%s kind=%s", self.request.user.pk, suffix)
        name = f"covid-xr-cases-{timezone.localdate():%Y-%m-%d}.{suffix}"
        return StreamingHttpResponse(
            content,
            content_type=content_type,
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )


class CasesCsvView(CasesView):
    @extend_schema(
        operation_id="cases_csv",
        tags=["cases"],
        summary=_("Labelled cases as CSV"),
        description=_(
            "One row per confirmed case, patients under a pseudonym, made while it is sent. "
            "Synthetic radiographs come only with synthetic=true."
        ),
        filters=True,
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        cases = self.cases()
        record = self.record(ExportKind.CSV, cases)
        content = record.followed(exports.csv_of(cases, record.note))
        return self.attachment(content, "text/csv; charset=utf-8", "csv")


class CasesZipView(CasesView):
    @extend_schema(
        operation_id="cases_zip",
        tags=["cases"],
        summary=_("Labelled cases as ZIP"),
        description=_(
            "README.txt, images/, metadata.csv (as the CSV export) and SHA256SUMS, made while it "
            "is sent. A download that breaks off has no end record: no tool takes it for whole."
        ),
        filters=True,
        responses={(200, "application/zip"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        cases = self.cases()
        record = self.record(ExportKind.ZIP, cases)
        export = record.export
        readme = exports.readme(made_at=timezone.now(), query=export.query, export=export.pk)
        content = record.followed(exports.zip_of(cases, readme=readme, note=record.note))
        return self.attachment(content, "application/zip", "zip")
