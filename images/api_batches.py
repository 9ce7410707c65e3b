"""Batches over HTTP: opened, filled file by file and part by part, watched and given up."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, PermissionDenied, UnsupportedMediaType
from rest_framework.generics import get_object_or_404
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.viewsets import GenericViewSet

from accounts.roles import Capability
from images import spool
from images.api import person
from images.errors import Refused, http_status
from images.models import IncomingFile, UploadBatch
from images.models.batch import IncomingFileQuerySet, UploadBatchQuerySet
from images.serializers_batches import (
    AnnouncementSerializer,
    AnswersSerializer,
    BatchOpeningSerializer,
    BatchSerializer,
    FileRowSerializer,
    ReceivedSerializer,
    RetriedSerializer,
    RowsQuerySerializer,
    RowsSerializer,
)
from images.services import batches
from images.services.announcing import Refusal
from images.silence import end_silent_connections
from images.states import FILTERS

ROWS_AT_ONCE = 500
MAX_DIGITS = 15  # of an offset
# A row is seen once its transaction has ended, a moment after the time that is written in it.
OVERLAP = timedelta(seconds=5)

ADD = Capability.ADD_RADIOGRAPHS
BATCH = OpenApiParameter(
    "batch", OpenApiTypes.UUID, OpenApiParameter.PATH, description=_("Id of the batch")
)
ID = OpenApiParameter("id", OpenApiTypes.UUID, OpenApiParameter.PATH, description=_("Id"))
OFFSET = OpenApiParameter(
    "Upload-Offset", OpenApiTypes.INT, OpenApiParameter.HEADER, required=True,
    description=_("Where in the file the bytes of the body begin."),
)  # fmt: skip


class OctetStreamParser(BaseParser):
    """Lets bytes through unread: the service takes them from the request as they arrive."""

    media_type = "application/octet-stream"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        return {}


class BatchViewSet(GenericViewSet[UploadBatch]):
    """A person's batches. Administrators see those of their institution, and change their own."""

    capabilities: ClassVar[dict[str, Capability]] = {
        "create": ADD, "retrieve": ADD, "destroy": ADD, "retry": ADD, "cancel": ADD,
    }  # fmt: skip
    sends_files = True
    serializer_class = BatchSerializer
    filter_backends = ()

    def get_queryset(self) -> UploadBatchQuerySet:
        if getattr(self, "swagger_fake_view", False):
            return UploadBatch.objects.none()
        return UploadBatch.objects.visible_to(person(self.request)).select_related("site")

    def own(self) -> UploadBatch:
        return own(self.get_object(), self.request)

    @extend_schema(
        summary=_("Open a batch"),
        description=_(
            "Answers 201, and 200 with the same batch when client_key was sent before: keep it to "
            "find the batch again."
        ),
        request=BatchOpeningSerializer,
        responses={201: BatchSerializer, 200: BatchSerializer},
    )
    def create(self, request: Request) -> Response:
        asked = BatchOpeningSerializer(data=request.data, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        batch, is_new = batches.open_batch(owner=person(request), **asked.validated_data)
        return Response(
            self.get_serializer(batch).data,
            status=201 if is_new else 200,
            headers={"Location": reverse("api-batches-detail", [batch.pk], request=request)},
        )

    @extend_schema(
        parameters=[ID],
        summary=_("One batch with its totals"),
        description=_("A batch of another person looks exactly like a missing one."),
    )
    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        parameters=[ID],
        summary=_("Delete a batch"),
        description=_("What is not finished is given up; stored radiographs stay."),
        responses={204: None},
    )
    def destroy(self, request: Request, pk: str) -> Response:
        batches.delete_batch(batch=self.own())
        return Response(status=204)

    @extend_schema(
        parameters=[ID],
        summary=_("Retry the failed files"),
        description=_("Those that failed for a passing reason. Says how many begin again."),
        request=None,
        responses=RetriedSerializer,
    )
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        return Response({"retried": batches.retry_failed(batch=self.own())})

    @extend_schema(
        parameters=[ID],
        summary=_("Cancel a batch"),
        description=_("What is not finished is given up, and no more files are taken."),
        request=None,
        responses=BatchSerializer,
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        batches.cancel_batch(batch=self.own())
        return Response(self.get_serializer(self.get_object()).data)


class BatchFileViewSet(GenericViewSet[IncomingFile]):
    """The files of one batch."""

    capabilities: ClassVar[dict[str, Capability]] = {
        "list": ADD, "create": ADD, "retrieve": ADD, "content": ADD, "retry": ADD, "cancel": ADD,
    }  # fmt: skip
    sends_files = True
    serializer_class = FileRowSerializer
    filter_backends = ()
    pagination_class = None

    def get_queryset(self) -> IncomingFileQuerySet:
        if getattr(self, "swagger_fake_view", False):
            return IncomingFile.objects.none()
        return IncomingFile.objects.filter(batch=self.batch()).select_related("batch__site")

    def batch(self) -> UploadBatch:
        seen = UploadBatch.objects.visible_to(person(self.request)).select_related("site")
        return get_object_or_404(seen, pk=self.kwargs["batch"])

    def own_file(self) -> IncomingFile:
        file = self.get_object()
        own(file.batch, self.request)
        return file

    def shown(self, batch: UploadBatch, files: Sequence[IncomingFile]) -> list[dict[str, Any]]:
        return shown(batch, files, self.request)

    @extend_schema(
        parameters=[BATCH, RowsQuerySerializer],
        summary=_("List the files of a batch"),
        description=_(
            "In the order of their announcement, 500 at most. To follow a batch, ask again with "
            "changed_since as the answer before said it in asked_at."
        ),
        responses=RowsSerializer,
    )
    def list(self, request: Request, batch: str) -> Response:
        asked = RowsQuerySerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        asked_at = timezone.now() - OVERLAP
        files = list(_page(self.get_queryset(), asked.validated_data))
        return Response(
            {
                "files": self.shown(self.batch(), files),
                "after": files[-1].position if len(files) == ROWS_AT_ONCE else None,
                "asked_at": asked_at.isoformat(),
            }
        )

    @extend_schema(
        parameters=[BATCH],
        summary=_("Announce files"),
        description=_(
            "1 to 100 files by name, size and hash; the same file twice is one row. What the "
            "institution has already is done at once and need not be sent."
        ),
        request=AnnouncementSerializer,
        responses=AnswersSerializer,
    )
    def create(self, request: Request, batch: str) -> Response:
        owned = own(self.batch(), request)
        sent = AnnouncementSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        answers = batches.announce(batch=owned, files=sent.to_service())
        return Response({"files": answers_shown(owned, answers, request)})

    @extend_schema(
        parameters=[BATCH, ID],
        summary=_("One file of a batch"),
        description=_("A file of another person's batch looks exactly like a missing one."),
    )
    def retrieve(self, request: Request, batch: str, pk: str) -> Response:
        file = self.get_object()
        return Response(self.shown(file.batch, [file])[0])

    @extend_schema(
        parameters=[BATCH, ID, OFFSET],
        summary=_("Send a part of a file"),
        description=_(
            "The body is bytes of the file, 8 MB at most, which begin at Upload-Offset. What "
            "arrives is kept, also when the connection breaks: ask for the file to learn from "
            "where to go on. An offset beyond that answers 409 with received."
        ),
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses=ReceivedSerializer,
    )
    @action(detail=True, methods=["put"], parser_classes=(OctetStreamParser,))
    def content(self, request: Request, batch: str, pk: str) -> Response:
        file = self.own_file()
        offset, length = part_of(request)
        end_silent_connections(request._request)
        try:
            received = batches.receive_part(
                file=file, offset=offset, stream=request._request, length=length
            )
        except batches.OutOfStep as refusal:
            return out_of_step(refusal)
        except IncomingFile.DoesNotExist as reason:
            raise NotFound from reason
        return Response({"received": received})

    @extend_schema(
        parameters=[BATCH, ID],
        summary=_("Retry a file"),
        description=_("One that failed or was cancelled; send its bytes again where asked for."),
        request=None,
    )
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, batch: str, pk: str) -> Response:
        batches.retry(file=self.own_file())
        return self.retrieve(request, batch, pk)

    @extend_schema(
        parameters=[BATCH, ID],
        summary=_("Cancel a file"),
        description=_("One that is not finished; a second time changes nothing."),
        request=None,
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, batch: str, pk: str) -> Response:
        batches.cancel_file(file=self.own_file())
        return self.retrieve(request, batch, pk)


def shown(
    batch: UploadBatch, files: Sequence[IncomingFile], request: Request
) -> list[dict[str, Any]]:
    """Rows as a reader may see them, in order."""
    is_arriving = any(file.received_at is None for file in files)
    lengths = spool.lengths(batch.pk) if is_arriving else {}
    row = FileRowSerializer(context={"request": request, "batch": batch, "lengths": lengths})
    return [row.to_representation(file) for file in files]


def answers_shown(
    batch: UploadBatch, answers: Sequence[IncomingFile | Refusal], request: Request
) -> list[dict[str, Any]]:
    """A row for each file, or why there is none, in the same order."""
    rows = iter(shown(batch, [each for each in answers if isinstance(each, IncomingFile)], request))
    return [
        next(rows)
        if isinstance(answer, IncomingFile)
        else {"code": answer.code, "sentence": str(answer.sentence)}
        for answer in answers
    ]


def own(batch: UploadBatch, request: Request) -> UploadBatch:
    """The batch, where the person may change it. Raises PermissionDenied."""
    if batch.owner_id != person(request).pk:
        raise PermissionDenied
    batch.owner = person(request)  # known already: nobody need ask for it
    return batch


def part_of(request: Request) -> tuple[int, int]:
    """Where the body begins in its file, and its length. Raises Refused, UnsupportedMediaType."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    offset = request.headers.get("Upload-Offset", "")
    # Bytes in chunks of unknown number (RFC 9112, 7.1) cannot be checked against the announcement.
    if "Transfer-Encoding" in request.headers or not length.isdigit():
        raise Refused("length-required")
    if int(length) and request.content_type != OctetStreamParser.media_type:
        raise UnsupportedMediaType(request.content_type)
    if not (offset.isascii() and offset.isdigit() and len(offset) <= MAX_DIGITS):
        raise Refused("bad-offset")
    return int(offset), int(length)


def out_of_step(refusal: batches.OutOfStep) -> Response:
    body = {"code": refusal.code, "detail": str(refusal.sentence), "received": refusal.received}
    return Response(body, status=http_status(refusal))


def _page(rows: IncomingFileQuerySet, asked: Mapping[str, Any]) -> IncomingFileQuerySet:
    if "after" in asked:
        rows = rows.filter(position__gt=asked["after"])
    if "changed_since" in asked:
        rows = rows.filter(updated_at__gte=asked["changed_since"])
    if "state" in asked:
        rows = rows.filter(FILTERS[asked["state"]])
    return rows.order_by("position", "pk")[:ROWS_AT_ONCE]
