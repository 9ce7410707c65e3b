"""What every page knows about the deployment it runs in."""

from django.conf import settings
from django.http import HttpRequest


def deployment(request: HttpRequest) -> dict[str, object]:
    return {"local_mode": settings.LOCAL_MODE}
