"""One's own account: what it waits for, the profile, the API tokens."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import services
from accounts.adapters import remember_language
from accounts.errors import AccountError
from accounts.forms import ProfileForm, TokenForm
from accounts.models import ApiToken
from core.http import UserRequest


@require_safe
def pending(request: UserRequest) -> HttpResponse:
    if request.user.is_approved:
        return redirect("home")
    return render(request, "accounts/pending.html")


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: UserRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=request.user)
    if not form.is_valid():
        # The form wrote the refused values on the person whom the menu shows.
        request.user.refresh_from_db()
        status = 400 if form.is_bound else 200
        return render(request, "accounts/profile.html", {"form": form}, status=status)
    services.save_profile(user=request.user, **form.cleaned_data)
    with translation.override(request.user.language):
        messages.success(request, _("Your profile is saved."))
    response = redirect("accounts:profile")
    remember_language(response, request.user.language)
    return response


@require_safe
def tokens(request: UserRequest) -> HttpResponse:
    return show_tokens(request, TokenForm())


@require_POST
@reauthentication_required(app="allauth.account")  # type: ignore[untyped-decorator]
def create_token(request: UserRequest) -> HttpResponse:
    form = TokenForm(request.POST)
    if not form.is_valid():
        return show_tokens(request, form, status=400)
    try:
        token, secret = services.issue_token(user=request.user, **form.cleaned_data)
    except AccountError as refusal:
        form.add_error(None, str(refusal.sentence))
        return show_tokens(request, form, status=400)
    # Shown in the answer itself: a redirect would need the secret to be kept somewhere.
    return show_tokens(request, TokenForm(), created=token, secret=secret)


@require_POST
def revoke_token(request: UserRequest) -> HttpResponse:
    rows = ApiToken.objects.filter(user=request.user)
    services.revoke_token(token=get_object_or_404(rows, pk=request.POST.get("token", "")))
    messages.success(request, _("The token is revoked."))
    return redirect("accounts:tokens")


def show_tokens(
    request: UserRequest,
    form: TokenForm,
    *,
    created: ApiToken | None = None,
    secret: str = "",
    status: int = 200,
) -> HttpResponse:
    rows = ApiToken.objects.filter(user=request.user)
    context = {"tokens": rows, "form": form, "created": created, "secret": secret}
    response = render(request, "accounts/tokens.html", context, status=status)
    response["Cache-Control"] = "private, no-store"
    return response
