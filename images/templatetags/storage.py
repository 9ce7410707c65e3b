"""How much room is left, and whether a source file is kept."""

from typing import Any

from django import template

from accounts.models import Site, User
from images.models import QuarantinedSource, Radiograph
from images.quotas import room_of_person, room_of_site
from images.services.quarantine import may_open

register = template.Library()


@register.inclusion_tag("images/_room.html")
def own_room(user: User) -> dict[str, Any]:
    """A bar for the person's room and one for the institution's, where they have limits."""
    if user.site is None:
        return {"rooms": []}
    rooms = [("person", room_of_person(user.site, user)), ("site", room_of_site(user.site))]
    return {"rooms": [(whose, room) for whose, room in rooms if room.limit is not None]}


@register.inclusion_tag("images/_room.html")
def site_room(site: Site) -> dict[str, Any]:
    """What the institution uses, with or without a limit."""
    return {"rooms": [("site", room_of_site(site))]}


@register.simple_tag
def kept_source(radiograph: Radiograph, user: User) -> QuarantinedSource | None:
    """The source file of the radiograph, for those who may open it."""
    if not may_open(radiograph, user):
        return None
    return QuarantinedSource.objects.filter(radiograph=radiograph).first()
