"""What allauth tells us. Its signal is the only hook for each way to prove an address."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed
from django.dispatch import receiver

from accounts.services import announce_request


@receiver(email_confirmed, dispatch_uid="accounts.announce_request")
def announce(sender: Any, email_address: EmailAddress, **kwargs: Any) -> None:
    announce_request(user=email_address.user)
