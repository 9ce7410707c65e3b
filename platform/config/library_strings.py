"""Sentences that are shown but that `make messages` finds nowhere else, and so would drop.

Nothing imports this. Where a library has a translation too, ours wins: LOCALE_PATHS come before
the applications.
"""

from django.utils.translation import gettext_noop as _

# Not in Spanish: missing in the catalogues of the versions we pin.
MISSING = (
    _("No response body"),
    _("Surrogate characters are not allowed: U+{code_point:X}."),
)

# Wrong, misspelt, of another register (tú beside usted) or in other words than our own pages.
BETTER = (
    _("Authenticator secret"),
    _("Bad Token"),
    _("Be patient, you are sending too many requests."),
    _("Deactivate Authenticator App"),
    _("Download codes"),
    _("Enter a valid email address."),
    _("Enter a valid “slug” consisting of letters, numbers, underscores or hyphens."),
    _("Enter a whole number."),
    _("Enter your password:"),
    _(
        "Forgotten your password? Enter your email address below, and we'll send you an email "
        "allowing you to reset it."
    ),
    _("Generate new codes"),
    _("Password Reset"),
    _("Please contact us if you have any trouble resetting your password."),
    _("Save them  in a secure location now — they won't be shown again."),
    _("Select a valid choice. %(value)s is not one of the available choices."),
    _("The email address and/or password you specified are not correct."),
    _(
        "The password reset link was invalid, possibly because it has already been used.  Please "
        'request a <a href="%(passwd_reset_url)s">new password reset</a>.'
    ),
    _("This account is currently inactive."),
    _(
        'This email confirmation link expired or is invalid. Please <a href="%(email_url)s">issue '
        "a new email confirmation request</a>."
    ),
    _("This field is required."),
    _("Too many failed login attempts. Try again later."),
    _("Two-Factor Authentication"),
    _("Use authenticator app or code"),
    _(
        "We have sent you an email. If you have not received it please check your spam folder. "
        "Otherwise contact us if you do not receive it in a few minutes."
    ),
    _("You are about to generate a new set of recovery codes for your account."),
    _("You cannot generate recovery codes without having two-factor authentication enabled."),
    _(
        "Your account is protected by two-factor authentication. Please enter an authenticator "
        "code:"
    ),
    _("Your password can’t be a commonly used password."),
    _("Your password can’t be too similar to your other personal information."),
)

# Docstrings of serializers, which describe the parts of the API (config.openapi).
PARTS = (
    _("A batch with its totals."),
    _("A heat map: the regions that spoke for the positive class. Workers draw it."),
    _("A new batch. `client_key` is chosen by the client: the same one twice makes one batch."),
    _("A new statement of ground truth; it supersedes the current one of the same target."),
    _("A page of rows. `after` is what to ask for next, null on the last page."),
    _("A question put to radiographs; `test_result` says what a class means for a two-way test."),
    _("A row for each file, in the order sent; code and sentence alone where there is none."),
    _("Another person was first: `current` stands, `attempt` is in the history and was not taken."),
    _("Files that a client offers, 1 to 100."),
    _("Whole files, 1 to 64, and 16 MB together."),
    _("How much the image is like a frontal chest radiograph."),
    _("One deed. `before` and `after` hold the values that changed; keys outlive what they name."),
    _(
        "One statement of the history. Researchers get no name and no reason.\n\n"
        "`was_taken` is false for one that came second, when another person had just changed the "
        "record."
    ),
    _("One radiograph with the history of its ground truth: every statement, newest first."),
    _("One file. `code` and `sentence` say why it failed; `name` is for its sender alone."),
    _("Researchers get a pseudonym for the patient's code, and no name of the uploader."),
    _("The answer to an upload. `duplicate`: the institution already had these pixels."),
    _("The parts of a multipart upload. What is not sent may come from a DICOM header."),
    _("Which weights answered, exactly."),
)
