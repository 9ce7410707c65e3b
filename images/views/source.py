"""The untouched source file, while it is kept: for the institution's own administrators alone."""

import logging
from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django.http import Http404, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest
from images.keys import Unsealable
from images.models import QuarantinedSource, Radiograph
from images.services.quarantine import opened_source

logger = logging.getLogger(__name__)


@require_safe
@never_cache
@requires(Capability.REVEAL_IDENTITY)
@reauthentication_required  # type: ignore[untyped-decorator]
def source(request: UserRequest, pk: UUID) -> HttpResponseBase:
    """May hold names: asked for the password again, and each download is logged by keys."""
    # Without an institution of one's own (`site` is None) no radiograph is found.
    own = Radiograph.objects.visible_to(request.user).filter(site=request.user.site)
    radiograph = get_object_or_404(own, pk=pk)
    try:
        chunks = opened_source(radiograph=radiograph, by=request.user)
    except QuarantinedSource.DoesNotExist:
        raise Http404 from None
    except Unsealable:
        logger.error("source file cannot be opened radiograph=%s", radiograph.pk)
        raise Http404 from None
    return StreamingHttpResponse(
        chunks,
        content_type="application/octet-stream",
        headers={
            "Content-Disposition": f'attachment; filename="{radiograph.pk}.source"',
            "X-Content-Type-Options": "nosniff",
        },
    )
