"""Who brings files in from the command line, and for which institution."""

from argparse import ArgumentParser
from collections.abc import Sequence

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from accounts.models import Site, User
from accounts.roles import Capability


def add_sender_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--site", required=True, help="code of the institution")
    parser.add_argument("--user", required=True, help="e-mail address of the uploader")


def site_named(code: str) -> Site:
    """The institution with this code. Raises CommandError, which names those there are."""
    site = Site.objects.filter(code=code).first()
    if site is None:
        known = ", ".join(Site.objects.values_list("code", flat=True)) or "none"
        raise CommandError(f"There is no institution with the code {code} (there are: {known}).")
    return site


def sender_named(email: str, site: Site, needed: Sequence[Capability]) -> User:
    """The person who is to have brought the files. Raises CommandError without the right to."""
    user: User | None = User.objects.filter(email__iexact=email).first()
    if user is None or not all(user.can(capability) for capability in needed):
        if Capability.RECORD_TRUTH in needed:
            sentence = _("%(email)s is nobody who may upload radiographs and record results.")
        else:
            sentence = _("%(email)s is nobody who may upload radiographs.")
        raise CommandError(sentence % {"email": email})
    if not user.is_platform_wide and user.site_id != site.pk:
        sentence = _("%(email)s does not belong to %(site)s.")
        raise CommandError(sentence % {"email": email, "site": site})
    return user
