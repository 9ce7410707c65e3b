"""`can` in templates: `{% if can.add_radiographs %}`."""

from django.http import HttpRequest

from accounts.roles import Capability


def capabilities(request: HttpRequest) -> dict[str, object]:
    user = getattr(request, "user", None)
    held = user.capabilities if user is not None and user.is_authenticated else frozenset()
    return {"can": {capability.value: capability in held for capability in Capability}}
