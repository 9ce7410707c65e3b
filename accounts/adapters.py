"""How allauth behaves in this house."""

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services import revoke_all_tokens

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return True

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """There are no user names: the e-mail address is the login."""

    def clean_password(self, password: str, user: User | None = None) -> str:
        cleaned: str = super().clean_password(password, user)
        if user is not None and user.must_change_password and user.check_password(cleaned):
            raise ValidationError(
                _("Choose a password other than the one-time password."), "same-password"
            )
        return cleaned

    def set_password(self, user: User, password: str) -> None:
        """Called by the change and by the reset alike: either way the person chose it, and what the
        old password opened (sessions, by Django; tokens, here) ends."""
        user.must_change_password = False
        with transaction.atomic():
            super().set_password(user, password)
            revoke_all_tokens(user=user)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A failing mail server must not answer differently for addresses that have an account."""
        try:
            super().send_mail(template_prefix, email, context)
        except OSError as problem:
            logger.warning(
                "mail not sent template=%s reason=%s", template_prefix, type(problem).__name__
            )

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        # Mails to one address are limited, and allauth says "sent" only when one went out: a second
        # sign-up within minutes would tell that somebody uses the address. The page says it anyway.
        was_sent = message_template == "account/messages/email_confirmation_sent.txt"
        if not (was_sent and request.user.is_anonymous):
            super().add_message(request, level, message_template, *args, **kwargs)

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Of two accounts that reach for one address at once, the second is told so."""
        try:
            with transaction.atomic():
                return bool(super().confirm_email(request, email_address))
        except IntegrityError:
            self.add_message(
                request, messages.ERROR, message=str(_("This e-mail address cannot be used."))
            )
            return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        user: Any = request.user
        if user.must_change_password:
            return reverse("account_change_password")
        if not user.is_approved:
            return reverse("accounts:pending")
        url: str = super().get_login_redirect_url(request)
        return url

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return self.get_login_redirect_url(request)

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        """A new browser speaks the person's language, unless another was chosen in it."""
        response: HttpResponse = super().post_login(request, user, **kwargs)
        if user.must_change_password:
            messages.warning(request, _("Choose your own password now. It replaces this one."))
        if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            remember_language(response, user.language)
        return response


def remember_language(response: HttpResponse, language: str) -> None:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE or settings.SESSION_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )
