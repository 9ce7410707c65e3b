"""The sentences that the page of a batch puts together itself, in the reader's language."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

Words = dict[str, str | dict[str, str]]


def words() -> Words:
    """By the keys that platform/static/js/batch/*.mjs ask for; %(name)s are filled in there.

    Two forms where a number decides (Spanish and English both have two).
    """
    return _states() | _progress() | _notices() | _numbers()


def _states() -> Words:
    return {
        "queued": pgettext("file", "Queued"),
        "preparing": pgettext("file", "Being prepared"),
        "missing": pgettext("file", "Not here: choose it again"),
        "uploading": pgettext("file", "Uploading %(percent)s %%").replace("%%", "%"),
        "checking": pgettext("file", "Being checked"),
        "predicting": pgettext("file", "Being predicted"),
        "unpacked": pgettext("file", "Unpacked"),
        "done": pgettext("file", "Stored"),
        "duplicate": pgettext("file", "Was here already"),
        "failed": pgettext("file", "Not stored"),
        "cancelled": pgettext("file", "Cancelled"),
    }


def _progress() -> Words:
    return {
        "arrived": _("%(received)s of %(total)s have arrived"),
        "timeLeft": _("about %(time)s left"),
        "progress": _("%(done)s of %(count)s files are stored, %(failed)s are not."),
        "allClosed": _("Finished: %(done)s of %(count)s files are stored, %(failed)s are not."),
        "sendNothing": _("Choose files first"),
        "send": {
            "one": ngettext("Send %(count)s file", "Send %(count)s files", 1),
            "other": ngettext("Send %(count)s file", "Send %(count)s files", 2),
        },
        "unnamed": _("File %(count)s"),
    }


def _notices() -> Words:
    return {
        "offline": _("There is no connection. The files go on by themselves once it is back."),
        "busy": _("The server is busy. The files go on by themselves in a moment."),
        "full": _(
            "The server has no room left. The files wait and go on by themselves once there is "
            "room: tell an administrator."
        ),
        "signedOut": _("Your session has ended. Sign in again in another tab, then continue here."),
        "unreadable": _(
            "The file cannot be read any more: it was changed, moved or removed. Choose it again."
        ),
        "damaged": _("The file arrived damaged several times. Try again over another connection."),
        "nothingToRetry": _(
            "What the failed files hold was refused: trying again would change nothing."
        ),
        "cancelAll": _("Give up all files that are not stored yet?"),
        "missingFiles": {
            "one": _missing(1),
            "other": _missing(2),
        },
        "passed_twice": {"one": _twice(1), "other": _twice(2)},
        "passed_system": {"one": _system(1), "other": _system(2)},
    }


def _missing(count: int) -> str:
    return ngettext(
        "%(count)s file of this batch has not arrived and is not in this browser. Choose the same "
        "files or folder again: nothing that has arrived is sent twice.",
        "%(count)s files of this batch have not arrived and are not in this browser. Choose the "
        "same files or folder again: nothing that has arrived is sent twice.",
        count,
    )


def _twice(count: int) -> str:
    return ngettext(
        "%(count)s file is in the list already.",
        "%(count)s files are in the list already.",
        count,
    )


def _system(count: int) -> str:
    return ngettext(
        "%(count)s file of the operating system was left out.",
        "%(count)s files of the operating system were left out.",
        count,
    )


def _numbers() -> Words:
    return {
        "seconds": {
            "one": ngettext("%(count)s second", "%(count)s seconds", 1),
            "other": ngettext("%(count)s second", "%(count)s seconds", 2),
        },
        "minutes": {
            "one": ngettext("%(count)s minute", "%(count)s minutes", 1),
            "other": ngettext("%(count)s minute", "%(count)s minutes", 2),
        },
        "hours": _("%(hours)s h %(minutes)s min"),
    }
