"""Every change of news and of the messages people send us."""

import logging
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.mail import mail_addresses_on_commit, mail_on_commit
from accounts.models import User
from news.models import ContactMessage, NewsPost

logger = logging.getLogger(__name__)

CONTACT_MAIL = "news/email/contact"


def latest(n: int) -> list[NewsPost]:
    """The `n` posts that a reader sees first, pinned ones before newer ones."""
    return list(NewsPost.objects.published()[:n])


@transaction.atomic
def write_post(
    *,
    post: NewsPost | None = None,
    author: User,
    title_es: str,
    title_en: str,
    body_es: str,
    body_en: str,
    is_pinned: bool,
    published_at: datetime | None,
) -> NewsPost:
    """Store a new post or change `post`, whose author stays.

    `published_at` None is a draft, a time to come is scheduled: the post appears by itself.
    """
    post = post or NewsPost(author=author)
    post.title_es, post.title_en = title_es, title_en
    post.body_es, post.body_en = body_es, body_en
    post.is_pinned, post.published_at = is_pinned, published_at
    post.save()
    return post


def delete_post(*, post: NewsPost) -> None:
    post.delete()


@transaction.atomic
def send_message(
    *, name: str, email: str, subject: str, body: str, sender: User | None
) -> ContactMessage:
    """Keep a message, then mail it to the administrators of the platform (or, without any, to the
    platform's own address). A mail server that fails loses nothing: the message is in the inbox.
    """
    message = ContactMessage.objects.create(
        name=name, email=email, subject=subject, body=body, sender=sender
    )
    readers = list(User.objects.platform_wide_administrators())
    context = {"message": message}
    if readers:
        mail_on_commit(people=readers, template=CONTACT_MAIL, context=context, reply_to=email)
    else:
        mail_addresses_on_commit(
            recipients=[(settings.DEFAULT_FROM_EMAIL, settings.LANGUAGE_CODE)],
            template=CONTACT_MAIL,
            context=context,
            reply_to=email,
        )
    logger.info("contact message stored message=%s", message.pk)
    return message


@transaction.atomic
def mark_answered(*, message: ContactMessage, by: User) -> bool:
    """Note who answered; the first one counts. Returns False when it was noted before."""
    return bool(
        ContactMessage.objects.unanswered()
        .filter(pk=message.pk)
        .update(answered_at=timezone.now(), answered_by=by)
    )
