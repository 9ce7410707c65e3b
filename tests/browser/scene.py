"""The cast and the radiographs that the browser finds in a fresh platform.

`lay_out` runs inside that platform (`manage.py shell`), the rest in the tests.
"""

import json

from accounts.roles import Role
from tests.factories import PASSWORD, SiteFactory, UserFactory, make_radiograph

SITE_NAME = "Hospital del Milagro"
OTHER_SITE_NAME = "Hospital de Oaxaca"
ROLES = {
    "health_worker": Role.HEALTH_WORKER,
    "doctor": Role.DOCTOR,
    "researcher": Role.RESEARCHER,
    "administrator": Role.ADMINISTRATOR,
    "stranger": Role.HEALTH_WORKER,
    "careful": Role.DOCTOR,  # turns on a second factor
}
# uploader and RT-PCR result by the name that tests call the radiograph
RADIOGRAPHS = {
    "confirmed": ("doctor", "positive"),
    "unconfirmed": ("doctor", ""),
    "awaiting_truth": ("doctor", ""),
    "contested": ("doctor", ""),
    "to_trash": ("health_worker", ""),
}

__all__ = ["PASSWORD", "email_of", "lay_out", "patient_code_of"]


def email_of(name: str) -> str:
    return f"{name.replace('_', '-')}@example.org"


def patient_code_of(radiograph: str) -> str:
    return f"MILAGRO-{radiograph.upper()}"


def lay_out() -> None:
    """Store everything; prints the radiographs' keys by name, as one line of JSON."""
    site = SiteFactory(name=SITE_NAME, code="milagro")
    other = SiteFactory(name=OTHER_SITE_NAME, code="oaxaca")
    people = {name: _person(name, role, site, other) for name, role in ROLES.items()}
    keys = {}
    for seed, (name, (uploader, result)) in enumerate(RADIOGRAPHS.items()):
        radiograph = make_radiograph(
            uploader=people[uploader],
            seed=seed,
            patient_code=patient_code_of(name),
            rt_pcr=result,
        )
        keys[name] = str(radiograph.pk)
    print(json.dumps(keys))


def _person(name, role, site, other):
    sites = {"administrator": None, "stranger": other}
    return UserFactory(
        email=email_of(name),
        full_name=name.replace("_", " ").title(),
        role=role,
        site=sites.get(name, site),
        language="en",
    )
