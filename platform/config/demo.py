"""What `make demo` adds for a newcomer without data. Everything drawn is marked as synthetic."""

import importlib.util
import io
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import BinaryIO

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import Site, User
from accounts.roles import Role
from config import env
from config.demo_texts import NEWS
from config.start.trouble import StartFailed
from images.models import Radiograph, Target
from images.services import TruthGiven, patient_of, store_radiograph, truth_given
from news.models import NewsPost
from news.services import write_post

DOMAIN = "demo.covid-xr.local"
SYNTHETIC_FILMS = 12
PUBLIC_FILM = "RG1_UNCR.dcm"
# In turn: a third confirmed, a third ruled out, a third still without a result.
RESULTS = ("positive", "negative", "")


@dataclass(frozen=True)
class DemoAccount:
    role: Role
    email: str
    full_name: str

    @property
    def password(self) -> str:
        """One for all demo accounts, drawn for this installation: nobody elsewhere knows it."""
        return env.kept_secret(settings.DATA_DIR / "demo_password")[:16]


ACCOUNTS = (
    DemoAccount(Role.HEALTH_WORKER, f"worker@{DOMAIN}", "Hebe Salas"),
    DemoAccount(Role.DOCTOR, f"doctor@{DOMAIN}", "Diego Funes"),
    DemoAccount(Role.RESEARCHER, f"researcher@{DOMAIN}", "Rosa Ibarra"),
    DemoAccount(Role.ADMINISTRATOR, f"administrator@{DOMAIN}", "Ada Quiroga"),
)


@dataclass(frozen=True)
class Film:
    """One radiograph to store; `open` gives its file."""

    patient_code: str
    uploader: str
    result: str
    is_synthetic: bool
    source: str
    open: Callable[[], BinaryIO]


def seed(report: Callable[[str], None]) -> int:
    """Add what is missing of the demonstration; returns how many radiographs were stored.

    Raises StartFailed outside local mode: a demonstration has no place beside real patients.
    """
    if not settings.LOCAL_MODE:
        raise StartFailed("Demo accounts and radiographs are for local mode only.")
    site = demo_site()
    people = {account.email: ensure_account(account, site) for account in ACCOUNTS}
    ensure_news(people[ACCOUNTS[-1].email])
    missing = [film for film in films() if not _is_stored(film, site)]
    if missing:
        report(f"Demo: drawing and storing {len(missing)} radiographs")
    for film in missing:
        store(film, site, people[film.uploader])
    return len(missing)


def demo_site() -> Site:
    site, _ = Site.objects.get_or_create(
        code="demo", defaults={"name": "Hospital Demo", "shares_with_researchers": True}
    )
    return site


@transaction.atomic
def ensure_account(account: DemoAccount, site: Site) -> User:
    known: User | None = User.objects.filter(email=account.email).first()
    if known is not None:
        return known
    user: User = User.objects.create_user(
        account.email,
        account.password,
        full_name=account.full_name,
        role=account.role,
        site=None if account.role == Role.ADMINISTRATOR else site,
        approved_at=timezone.now(),
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def ensure_news(author: User) -> None:
    now = timezone.now()
    for days_ago, post in enumerate(NEWS):
        if not NewsPost.objects.filter(title_en=post.title_en).exists():
            published_at = now - timedelta(days=days_ago)
            write_post(author=author, published_at=published_at, **asdict(post))


def films() -> Iterator[Film]:
    worker, doctor = ACCOUNTS[0].email, ACCOUNTS[1].email
    for number in range(SYNTHETIC_FILMS):
        result = RESULTS[number % len(RESULTS)]
        yield Film(
            patient_code=f"DEMO-{number + 1:02d}",
            uploader=doctor if result else worker,
            result=result,
            is_synthetic=True,
            source="COVID-XR synthetic",
            open=lambda number=number, result=result: drawn(number, result),  # type: ignore[misc]
        )
    film = public_film()
    if film is not None:
        yield Film("RG1", worker, "", False, "pydicom-data RG1", lambda: io.BytesIO(film))


def drawn(number: int, result: str) -> BinaryIO:
    """A PNG of film `number`; those without a result show opacities now and then."""
    from images.synthetic import draw

    opacities = result == "positive" or (result == "" and number % 2 == 0)
    return io.BytesIO(draw(number, opacities).to_png())


def public_film() -> bytes | None:
    """The chest film RG1 as the installed pydicom-data carries it (never downloaded)."""
    spec = importlib.util.find_spec("data_store")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / "data" / PUBLIC_FILM
    return path.read_bytes() if path.is_file() else None


def _is_stored(film: Film, site: Site) -> bool:
    return Radiograph.objects.filter(site=site, patient__code=film.patient_code).exists()


def store(film: Film, site: Site, uploader: User) -> None:
    store_radiograph(
        stream=film.open(),
        patient=patient_of(site=site, code=film.patient_code),
        uploader=uploader,
        source=film.source,
        is_synthetic=film.is_synthetic,
        truths=list(_truths(film.result)),
    )


def _truths(result: str) -> Iterator[TruthGiven]:
    if result:
        covid = Target.objects.get(code="covid-19")
        tested_on: date = timezone.localdate() - timedelta(days=2)
        yield truth_given(target=covid, result=result, tested_on=tested_on)
