"""What can be done to many radiographs at once: a verb each, found through the rooms' AppConfig.

A room names its verbs in `bulk_verbs` of its AppConfig, so that this one need not know them.
"""

from functools import cache

from django.apps import apps
from django.utils.module_loading import import_string

from accounts.models import User
from images.bulk.verbs import Effect, Refusal, Verb, VerbForm

__all__ = ["Effect", "Refusal", "Verb", "VerbForm", "verb_named", "verbs", "verbs_for"]


@cache
def verbs() -> dict[str, Verb]:
    """All verbs by name, in the order of the rooms' lists."""
    paths = [path for room in apps.get_app_configs() for path in getattr(room, "bulk_verbs", ())]
    found: list[Verb] = [import_string(path)() for path in paths]
    return {verb.name: verb for verb in sorted(found, key=lambda verb: verb.place)}


def verbs_for(user: User) -> list[Verb]:
    """Those that a person may use."""
    return [verb for verb in verbs().values() if user.can(verb.capability)]


def verb_named(name: str, user: User) -> Verb | None:
    """None for a verb that does not exist or is not for this person."""
    verb = verbs().get(name)
    return verb if verb is not None and user.can(verb.capability) else None
