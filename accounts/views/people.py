"""People: the list, one person, and what an administrator decides about them."""

import uuid
from collections.abc import Callable
from functools import partial

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import services
from accounts.errors import AccountError
from accounts.forms import PeopleFilter, RoleForm
from accounts.models import User
from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest

PAGE_SIZE = 25


@require_safe
@requires(Capability.MANAGE_ACCOUNTS)
def people(request: UserRequest) -> HttpResponse:
    in_scope = User.objects.visible_to(request.user)
    form = PeopleFilter(request.GET)
    found = form.apply(in_scope.pending_first())
    page = Paginator(found.select_related("site", "requested_site"), PAGE_SIZE)
    context = {
        "page": page.get_page(request.GET.get("page")),
        "form": form,
        "waiting": in_scope.pending().count(),
    }
    return render(request, "accounts/people.html", context)


@require_safe
@requires(Capability.MANAGE_ACCOUNTS)
def person(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    return show_person(request, person_of(request, pk))


@require_POST
@requires(Capability.MANAGE_ACCOUNTS)
def approve(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    return grant(request, pk, services.approve, _("The account is approved."))


@require_POST
@requires(Capability.MANAGE_ACCOUNTS)
def change_role(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    return grant(request, pk, services.change_role, _("The role is changed."))


@require_POST
@requires(Capability.MANAGE_ACCOUNTS)
def refuse(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    return decide(request, pk, services.refuse, _("The request is refused."))


@require_POST
@requires(Capability.MANAGE_ACCOUNTS)
def deactivate(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    return decide(request, pk, services.deactivate, _("The account is closed."))


@require_POST
@requires(Capability.MANAGE_ACCOUNTS)
def reactivate(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    return decide(request, pk, services.reactivate, _("The account is open again."))


def person_of(request: UserRequest, pk: uuid.UUID) -> User:
    rows = User.objects.visible_to(request.user).with_verified()
    found: User = get_object_or_404(
        rows.select_related("site", "requested_site", "approved_by"), pk=pk
    )
    return found


def grant(
    request: UserRequest, pk: uuid.UUID, service: Callable[..., User], done: str
) -> HttpResponse:
    someone = person_of(request, pk)
    form = RoleForm(request.POST, person=someone, by=request.user)
    if not form.is_valid():
        return show_person(request, someone, form=form, status=400)
    refusal = attempt(partial(service, user=someone, by=request.user, **form.cleaned_data))
    if refusal:
        form.add_error(None, refusal)
        return show_person(request, someone, form=form, status=400)
    messages.success(request, done)
    return redirect("accounts:people")


def decide(
    request: UserRequest, pk: uuid.UUID, service: Callable[..., User], done: str
) -> HttpResponse:
    someone = person_of(request, pk)
    refusal = attempt(partial(service, user=someone, by=request.user))
    if refusal:
        messages.error(request, refusal)
        return show_person(request, someone, status=400)
    messages.success(request, done)
    return redirect("accounts:person", pk=pk)


def attempt(change: Callable[[], User]) -> str:
    """Make the change; returns why it was refused, or "". Whoever is out of reach: 404."""
    try:
        change()
    except AccountError as refusal:
        return str(refusal.sentence)
    except User.DoesNotExist as gone:
        raise Http404 from gone
    return ""


def show_person(
    request: UserRequest, person: User, *, form: RoleForm | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "person": person,
        "form": form or RoleForm(person=person, by=request.user),
        "is_self": person.pk == request.user.pk,
    }
    return render(request, "accounts/person.html", context, status=status)
