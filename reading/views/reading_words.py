"""The sentences that the reading page puts together itself, in the reader's language."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

Words = dict[str, str | dict[str, str]]


def words() -> Words:
    """By the keys that platform/static/js/reading/*.mjs ask for; %(name)s are filled in there.

    Two forms where a number decides (Spanish and English both have two).
    """
    return _of_the_case() | _of_the_way() | _of_the_line()


def _of_the_case() -> Words:
    return {
        "hidden": _("Hidden until you have answered."),
        "coming": _("The model's answer is on its way."),
        "agree": _("Agree and next"),
        "goOn": _("Next"),
        "answered": _("%(finding)s. The model: %(model)s"),
        "answeredAlone": _("%(finding)s."),
        "corrected": _("The finding can be corrected: choose another one."),
        "ask": _("What do you see?"),
        "yours": _("Your finding"),
        "stillWaiting": _("Wait for the model's answer, then agree or disagree."),
        "noVerdictNow": _("There is no connection, so the model's answer cannot be shown now."),
        "firstFinding": _("Choose a finding first, or skip the case."),
        "noReason": _("There is no such reason: 1 to 5, or Enter to agree."),
        "draftBack": _("This is what you had typed before. It is not saved yet."),
    }


def _of_the_way() -> Words:
    return {
        "shown": _("Case %(number)s. %(facts)s"),
        "shownAgain": _("Case %(number)s, read before: %(finding)s."),
        "done": {
            "one": ngettext("%(count)s read in this sitting", "%(count)s read in this sitting", 1),
            "other": ngettext(
                "%(count)s read in this sitting", "%(count)s read in this sitting", 2
            ),
        },
        "skipped": _("Skipped: it comes back last."),
        "flagged": _("Set aside."),
        "undone": _("Taken back: choose the finding again."),
        "nothingToUndo": _("There is nothing to undo."),
        "first": _("This is the first case of this sitting."),
        "loading": _("The next case is on its way."),
        "nothingLeft": _("Nothing is left to read on this list."),
        "inverted": _("Black and white are inverted."),
        "asIs": _("Black and white as they are."),
        "noMap": _("There is no heat map before the model's answer is shown."),
        "noMaps": _("The model gave no answer, so there is no heat map."),
        "truthLater": _("The test result can be opened once you have answered."),
        "truthNever": _("In a study the test result stays hidden from its readers."),
        "truthStored": _("The result is stored."),
        "truthTrouble": _("The test result could not be opened. Check the connection."),
        "pictureComing": _("The picture is on its way: look at it first."),
        "noPicture": _("The picture could not be loaded. Check the connection and try again."),
    }


def _of_the_line() -> Words:
    return {
        "offline": {
            "one": ngettext(
                "There is no connection. %(count)s answer waits here and is sent by itself: keep "
                "this page open.",
                "There is no connection. %(count)s answers wait here and are sent by themselves: "
                "keep this page open.",
                1,
            ),
            "other": ngettext(
                "There is no connection. %(count)s answer waits here and is sent by itself: keep "
                "this page open.",
                "There is no connection. %(count)s answers wait here and are sent by themselves: "
                "keep this page open.",
                2,
            ),
        },
        "busy": _("The server is busy. Your answers wait here and are sent by themselves."),
        "signedOut": _(
            "Your session has ended. Sign in again in another tab: what you answered waits here "
            "and is sent by itself."
        ),
        "lineBack": _("The connection is back: everything is saved."),
        "refused": _("This case was not saved: %(why)s"),
        "gone": _("It is not on the list any more."),
        "lost": _("Another reader took this case meanwhile. What you typed stays here."),
        "stands": _("What stands now: %(finding)s."),
        "nothingStands": _("Nothing stands now."),
    }
