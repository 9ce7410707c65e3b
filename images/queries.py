"""A list's filters and order as text: what an address, a saved filter and a bulk action share."""

from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict

from accounts.models import User
from images.filters import RadiographFilter
from images.models import Radiograph
from images.models.radiograph import RadiographQuerySet
from images.ordering import NEWEST, words_for

LONGEST = 2000


class BadQuery(Exception):
    """A filter or an order that does not exist, or a value that is not one of its own."""


def filter_of(query: str, user: User, radiographs: RadiographQuerySet) -> RadiographFilter:
    """The filters of `query` upon `radiographs`, as the list of `user` reads them.

    Raises BadQuery.
    """
    request = HttpRequest()
    request.user = user
    chosen = RadiographFilter(QueryDict(query), radiographs, request=request)
    if not chosen.is_valid():  # type: ignore[no-untyped-call]
        raise BadQuery
    return chosen


def normalised(data: QueryDict, user: User) -> str:
    """The filters in force and the order, by name; what nobody knows is left out.

    Raises BadQuery for a value that is not valid, or a text longer than is kept.
    """
    return text_of(filter_of(data.urlencode(), user, Radiograph.objects.none()), data, user)


def text_of(chosen: RadiographFilter, data: QueryDict, user: User) -> str:
    """`normalised`, of filters that are known to be valid."""
    given = {
        name: data[name]
        for name, value in chosen.form.cleaned_data.items()
        if value not in (None, "")
    }
    sort = data.get("sort") or NEWEST
    if sort not in words_for(user):
        raise BadQuery
    if sort != NEWEST:
        given["sort"] = sort
    query = urlencode(sorted(given.items()))
    if len(query) > LONGEST:
        raise BadQuery
    return query
