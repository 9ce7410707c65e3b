"""Many small files of a batch in one request."""

from typing import Any, ClassVar

from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ParseError
from rest_framework.generics import get_object_or_404
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.roles import Capability
from images.api import person
from images.api_batches import BATCH, answers_shown, own
from images.bundles import BundleUploadHandler
from images.errors import Refused
from images.models import UploadBatch
from images.serializers_batches import AnswersSerializer, BundleSerializer
from images.services import batches
from images.silence import end_silent_connections
from images.upload_handlers import check_received


class BatchBundleView(APIView):
    """Announces whole files, takes their bytes and opens them to the workers, all at once."""

    capabilities: ClassVar[dict[str, Capability]] = {"post": Capability.ADD_RADIOGRAPHS}
    sends_files = True
    parser_classes = (MultiPartParser,)

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        # Before anybody looks at the body: the check of a session's token does.
        request.upload_handlers = [BundleUploadHandler(request)]
        end_silent_connections(request)
        return super().initialize_request(request, *args, **kwargs)

    def handle_exception(self, exc: Exception) -> Response:
        # That check meets a malformed body outside of the parser, which would have said so.
        return super().handle_exception(
            ParseError() if isinstance(exc, MultiPartParserError) else exc
        )

    @extend_schema(
        parameters=[BATCH],
        summary=_("Send small files"),
        description=_(
            "Up to 64 whole files of 8 MB at most, 16 MB together: the quick way for many. They "
            "need not be announced. The answer has a row for each, in the same order; what is "
            "refused has code and sentence alone, and the others go on. The same files again give "
            "the same rows."
        ),
        request={"multipart/form-data": BundleSerializer},
        responses=AnswersSerializer,
    )
    def post(self, request: Request, batch: str) -> Response:
        seen = UploadBatch.objects.visible_to(person(request)).select_related("site")
        owned = own(get_object_or_404(seen, pk=batch), request)
        if "Transfer-Encoding" in request.headers:
            raise Refused("length-required")
        sent = request.data  # parsing comes first: what it refused is noted on the request
        check_received(request._request)
        files = BundleSerializer.files_of(sent, request.FILES)
        answers = batches.take_bundle(batch=owned, files=files)
        return Response({"files": answers_shown(owned, answers, request)})
