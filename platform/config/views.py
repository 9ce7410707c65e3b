"""Pages of the house itself: home, about, status and how failures look."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.permissions import requires
from accounts.roles import Capability
from config import dashboard
from config.status import platform_status
from core.http import UserRequest
from inference.models import DeployedModel
from inference.readings import limits_of
from news.services import latest

NEWS_ON_HOME = 3


@require_safe
@login_not_required
def home(request: HttpRequest) -> HttpResponse:
    """What the platform does, for visitors; what waits for them, for people signed in."""
    context: dict[str, Any] = {"latest_news": latest(NEWS_ON_HOME)}
    if isinstance(request.user, User):
        context |= {
            "tiles": dashboard.tiles(request.user),
            "recent": dashboard.recent(request.user),
        }
    else:
        context["limits"] = limits_of_live_models()
    return render(request, "home.html", context)


@require_safe
@login_not_required
def about(request: HttpRequest) -> HttpResponse:
    return render(request, "about.html", {"limits": limits_of_live_models()})


@require_safe
@requires(Capability.VIEW_STATUS)
def status(request: UserRequest) -> HttpResponse:
    return render(request, "status.html", {"status": platform_status(request.user)})


def limits_of_live_models() -> list[str]:
    return [limit for model in DeployedModel.objects.live_models() for limit in limits_of(model)]


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "403_csrf.html", status=403)
