"""Why a change to an account was refused, as one sentence for the person who asked for it."""

from django_stubs_ext import StrOrPromise


class AccountError(Exception):
    """A refused change. `code` is stable; `sentence` is translated and names no third person."""

    def __init__(self, code: str, sentence: StrOrPromise) -> None:
        self.code = code
        self.sentence = sentence
        super().__init__(code)
