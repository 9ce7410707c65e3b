"""How far the predictions of many radiographs are, for a page that draws its rows itself."""

from typing import Final

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest, ids_in
from core.jobs import JobStatus
from images.models import Radiograph
from inference.panels import Badge, badges_of

STATES_AT_ONCE: Final = 200
# Of a job, in the words of this address; a radiograph that nobody was asked about has "none".
STATES: Final = {
    JobStatus.QUEUED: "waiting",
    JobStatus.RUNNING: "running",
    JobStatus.DONE: "done",
}


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.VIEW_RADIOGRAPHS)
def states(request: UserRequest) -> HttpResponse:
    """`{id: {state, label, result}}` of the ids that this person may see.

    They come as `id` in the address, or in the body where there are more than fit into one.
    """
    words = (request.POST if request.method == "POST" else request.GET).getlist("id")
    wanted = ids_in(words[:STATES_AT_ONCE])
    seen = badges_of(Radiograph.objects.visible_to(request.user).filter(pk__in=wanted))
    return JsonResponse({str(badge.radiograph_id): _told(badge) for badge in seen})


def _told(badge: Badge) -> dict[str, str]:
    reading = badge.reading
    if reading is None:
        return {"state": "none", "label": "", "result": ""}
    state = STATES.get(JobStatus(reading.prediction.status), "failed")
    label = reading.failure if state == "failed" else reading.badge_label
    return {"state": state, "label": str(label), "result": reading.state}
