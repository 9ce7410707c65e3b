"""Instances of an archive brought in: what is here already is not fetched again."""

import io
from collections.abc import Iterable, Iterator
from itertools import islice

from dicomweb_client import DICOMwebClient

from accounts.models import Site
from images.errors import REFUSALS, StorageFull
from images.models import Radiograph
from images.services.identities import remapped_uid
from images.sources.delivery import Delivery
from images.sources.dicomweb import ArchiveTrouble, Instance, fetch

# Asked for at once: is it here?
SLICE = 200


def pull(
    *, client: DICOMwebClient, found: Iterable[Instance], delivery: Delivery, limit: int | None
) -> Iterator[str]:
    """Fetch what is new of `found`, at most `limit`; yields the outcome of each instance.

    Outcomes: `known` (not fetched), `taken` (handed to the workers), `refused`, `failed` (the
    archive did not give it). Raises ArchiveTrouble from the search, StorageFull.
    """
    taken, remaining = 0, iter(found)
    while batch := list(islice(remaining, SLICE)):
        known = _known(delivery.site, batch)
        for instance in batch:
            if taken == limit:
                return
            outcome = _outcome(client, instance, delivery, known)
            taken += outcome == "taken"
            yield outcome


def _known(site: Site, instances: Iterable[Instance]) -> set[str]:
    """Re-mapped UIDs of those that the institution has, in the trash or not."""
    uids = [remapped_uid(site, instance.uid) for instance in instances]
    here = Radiograph.objects.filter(site=site, instance_uid__in=uids)
    return set(here.values_list("instance_uid", flat=True))


def _outcome(
    client: DICOMwebClient, instance: Instance, delivery: Delivery, known: set[str]
) -> str:
    if remapped_uid(delivery.site, instance.uid) in known:
        return "known"
    try:
        content = fetch(client, instance)
        delivery.add(f"{instance.uid}.dcm", io.BytesIO(content))
    except ArchiveTrouble:
        return "failed"
    except StorageFull:
        raise
    except REFUSALS:
        return "refused"
    return "taken"
