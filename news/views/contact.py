"""Messages to us: a form for everybody, an inbox for administrators."""

import uuid

from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest
from news import services
from news.forms import ContactForm
from news.models import ContactMessage

PAGE_SIZE = 20


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def contact(request: HttpRequest) -> HttpResponse:
    person = request.user if isinstance(request.user, User) else None
    form = ContactForm(request.POST or None, person=person)
    if not form.is_valid():
        return show_form(request, form, status=400 if form.is_bound else 200)
    if not is_within_limit(request, person):
        form.add_error(None, _("You wrote several messages in an hour. Try again later."))
        return show_form(request, form, status=429)
    if not form.is_from_a_machine:
        services.send_message(sender=person, **form.message())
    # A machine is told the same, so that it learns nothing.
    messages.success(request, _("Thank you. Your message has arrived."))
    return redirect("news:contact")


@require_safe
@requires(Capability.READ_CONTACT)
def inbox(request: UserRequest) -> HttpResponse:
    rows = ContactMessage.objects.visible_to(request.user).select_related("answered_by")
    shows_all = request.GET.get("show") == "all"
    page = Paginator(rows if shows_all else rows.unanswered(), PAGE_SIZE)
    context = {"page": page.get_page(request.GET.get("page")), "shows_all": shows_all}
    return render(request, "news/inbox.html", context)


@require_POST
@requires(Capability.READ_CONTACT)
def answered(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    rows = ContactMessage.objects.visible_to(request.user)
    services.mark_answered(message=get_object_or_404(rows, pk=pk), by=request.user)
    messages.success(request, _("The message is marked as answered."))
    return redirect("news:inbox")


def is_within_limit(request: HttpRequest, person: User | None) -> bool:
    """Five messages an hour from one person, or from one address of the network."""
    action = "contact" if person is None else "contact_of_user"
    return ratelimit.consume(request, action=action, user=person) is True


def show_form(request: HttpRequest, form: ContactForm, *, status: int) -> HttpResponse:
    return render(request, "news/contact.html", {"form": form}, status=status)
