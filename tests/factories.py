"""Makers of rows for tests."""

import io
from pathlib import Path
from typing import Any

import factory
import numpy as np
from allauth.account.models import EmailAddress
from pydicom.data import get_testdata_file

from accounts.models import Site, User
from accounts.roles import Capability, Role
from images.decoding import decode
from images.models import Patient, Radiograph, Target
from images.radiograph import RadiographPixels
from images.services import patient_of, record_truth, store_radiograph, truth_given

PASSWORD = "correct-horse-battery"


class SiteFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Site

    name = factory.Sequence("Hospital {}".format)
    code = factory.Sequence("hospital-{}".format)


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence("person{}@example.org".format)
    full_name = factory.Sequence("Person {}".format)
    role = Role.HEALTH_WORKER
    site = factory.SubFactory(SiteFactory)
    password = factory.django.Password(PASSWORD)

    @factory.post_generation
    def verified(self, create, value, **kwargs):
        if create and value is not False:
            EmailAddress.objects.create(user=self, email=self.email, verified=True, primary=True)


class PatientFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Patient

    site = factory.SubFactory(SiteFactory)
    code = factory.Sequence("P-{:04d}".format)


def chest_array(seed: int = 0, shape: tuple[int, int] = (96, 80)) -> np.ndarray:
    """A small grey picture that no other seed has, uint8."""
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def chest_png(seed: int = 0, shape: tuple[int, int] = (96, 80)) -> bytes:
    """`chest_array` as the bytes of a PNG file."""
    return RadiographPixels.eight_bit(chest_array(seed, shape)).to_png()


def film_png(seed: int = 0) -> bytes:
    """A real radiograph (RG1 of pydicom-data, an eighth of its size) with a little noise of `seed`:
    for what goes through the gate."""
    content = Path(str(get_testdata_file("RG1_UNCR.dcm", download=False))).read_bytes()
    small = decode(io.BytesIO(content)).pixels.to_display()[::8, ::8]
    noise = np.random.default_rng(seed).integers(-4, 5, small.shape)
    return RadiographPixels.eight_bit(np.clip(small + noise, 0, 255).astype(np.uint8)).to_png()


def make_radiograph(
    *,
    site: Site | None = None,
    uploader: User | None = None,
    seed: int = 0,
    patient_code: str = "P-0001",
    sex: str = "",
    rt_pcr: str = "",
    **facts: Any,
) -> Radiograph:
    """Store a small PNG through the service; `facts` as `store_radiograph` takes them.

    `rt_pcr`: positive, negative or empty. Without an uploader a doctor of the site is made.
    """
    site = site or (uploader.site if uploader else None) or SiteFactory()
    uploader = uploader or UserFactory(role=Role.DOCTOR, site=site)
    stored = store_radiograph(
        stream=io.BytesIO(chest_png(seed)),
        patient=patient_of(site=site, code=patient_code, sex=sex),
        uploader=uploader,
        **facts,
    )
    assert stored.created, f"seed {seed} is already stored at {site}"
    if rt_pcr:
        state_truth(stored.radiograph, rt_pcr)
    return stored.radiograph


def state_truth(radiograph: Radiograph, result: str, by: User | None = None, **facts: Any):
    """Record an RT-PCR result: positive, negative, indeterminate or unknown; by the uploader, where
    they may. `facts` as `truth_given` takes them."""
    by = by or radiograph.uploader
    if not by.can(Capability.RECORD_TRUTH):
        by = UserFactory(role=Role.DOCTOR, site=radiograph.site)
    truth = truth_given(target=Target.objects.get(code="covid-19"), result=result, **facts)
    return record_truth(
        radiograph=radiograph,
        target=truth.target,
        target_class=truth.target_class,
        tested_on=truth.tested_on,
        entered_by=by,
        is_indeterminate=truth.is_indeterminate,
        laboratory=truth.laboratory,
        kit=truth.kit,
        reason=truth.reason,
        source=truth.source,
    )
