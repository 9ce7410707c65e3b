"""What a verb of a bulk action must be able to do. One module a verb."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms

from accounts.models import User
from accounts.roles import Capability
from images.bulk.reasons import OUT_OF_REACH
from images.models import BulkAction, Radiograph
from images.models.radiograph import RadiographQuerySet

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Refusal(Exception):
    """This radiograph is left as it is. `code` is one of images.bulk.reasons."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Effect:
    """What the radiograph was and became, in JSON; equal where nothing had to change."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]


class VerbForm(forms.Form):
    """What a person says beside the verb; the base asks nothing."""

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data)
        self.user = user

    def to_parameters(self) -> dict[str, Any]:
        """In JSON, for `BulkAction.parameters`."""
        return {}


class Verb(ABC):
    """A verb has no state: what it was told stands in the action's `parameters`."""

    name: ClassVar[str]
    label: ClassVar["StrOrPromise"]
    icon: ClassVar[str]
    capability: ClassVar[Capability]
    place: ClassVar[int]
    form_class: ClassVar[type[VerbForm]] = VerbForm
    is_undoable: ClassVar[bool] = True
    # Radiographs of one transaction; short ones let other writers in.
    at_once: ClassVar[int] = 50
    # Why a radiograph beyond `reach` is left as it is.
    beyond_reach: ClassVar[str] = OUT_OF_REACH

    @abstractmethod
    def reach(self, user: User) -> RadiographQuerySet:
        """The radiographs upon which this person may use the verb."""

    @abstractmethod
    def sentence(self, parameters: Mapping[str, Any]) -> str:
        """What exactly will be done, for people to read before and after."""

    @abstractmethod
    def apply(self, action: BulkAction, radiograph: Radiograph, prepared: Any = None) -> Effect:
        """Do it, inside a transaction. Raises Refusal, or Refused of images.errors."""

    def prepare(self, action: BulkAction, radiographs: Sequence[Radiograph]) -> Any:
        """What takes long and writes no row: before the transaction, for all at once."""
        return None

    def settle(self, action: BulkAction, done: Sequence[Radiograph], prepared: Any) -> None:
        """Rows about all of them together: inside the transaction, after each was applied."""
        return

    def put_back(self, action: BulkAction, radiograph: Radiograph, effect: Effect) -> Effect:
        """Turn `effect` of an earlier action round. Raises Refusal("changed-meanwhile")."""
        raise Refusal("cannot-be-undone")
