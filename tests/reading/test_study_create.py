"""A study: from ticked radiographs, from all that match, from a random sample."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.models import AuditEntry
from images.models import Radiograph
from images.services import trash
from reading import choosing
from reading.choosing import Matching, Sample, Ticked
from reading.models import ReaderPart, ReadingList
from reading.services.studies import create_study
from reading.study_errors import StudyRefused
from tests import factories
from tests.reading.studies import doctor_of, films_of, study_of


@pytest.fixture
def readers(site, doctor):
    return [doctor, doctor_of(site, "Second Doctor")]


@pytest.fixture
def make(site, site_administrator, readers):
    def create(asked, **facts):
        given = {
            "by": site_administrator, "site": site, "name": "Study", "purpose": "",
            "readers": readers, "seed": 3,
        }  # fmt: skip
        return create_study(asked=asked, **(given | facts))

    return create


def refusal(make, *args, **facts) -> str:
    with pytest.raises(StudyRefused) as refused:
        make(*args, **facts)
    assert str(refused.value.sentence)
    assert not ReadingList.objects.studies().exists()
    return refused.value.code


def keys(films) -> set:
    return {film.pk for film in films}


def chosen(study) -> set:
    return set(study.cases.values_list("radiograph", flat=True))


def test_ticked_ones_become_its_cases(make, site):
    films = films_of(site, "pn-")
    assert chosen(make(Ticked([film.pk for film in films[:2]]))) == keys(films[:2])


def test_places_are_shuffled_by_the_stored_seed(make, site):
    films = films_of(site, "pnpnpnpn")
    studies = [make(Ticked([film.pk for film in films]), seed=seed) for seed in (5, 5, 6)]
    orders = [list(each.cases.order_by("position").values_list("radiograph")) for each in studies]

    assert orders[0] == orders[1] != orders[2]
    assert [each.protocol["seed"] for each in studies] == [5, 5, 6]


def test_without_a_seed_one_is_drawn_and_kept(make, site):
    study = make(Ticked([films_of(site, "p")[0].pk]), seed=None)
    assert 0 <= study.protocol["seed"] < 2**31


def test_all_that_match_a_filter(make, site):
    films = films_of(site, "ppn")
    study = make(Matching("rt_pcr=positive"))

    assert chosen(study) == keys(films[:2])
    assert study.protocol["query"] == "rt_pcr=positive"


def test_the_protocol_names_no_patient(make, site):
    films = films_of(site, "pp")
    study = make(Matching(f"patient={films[0].patient.code}"))
    assert "SECRET" not in str(study.protocol)


def test_parts_are_numbered_and_every_reader_reads_all(make, site, readers):
    judge = doctor_of(site, "Judge")
    study = make(Ticked([films_of(site, "p")[0].pk]), adjudicator=judge)

    parts = [(part.reader, part.part, part.position) for part in study.parts.all()]
    assert parts == [
        (readers[0], ReaderPart.READER, 1),
        (readers[1], ReaderPart.READER, 2),
        (judge, ReaderPart.ADJUDICATOR, 3),
    ]
    assert study.readings_needed == 2


def test_it_is_audited(make, site, site_administrator):
    study = make(Ticked([films_of(site, "p")[0].pk]))
    entry = AuditEntry.objects.get(subject="study", subject_id=study.pk)

    assert (entry.actor, entry.deed, entry.site) == (site_administrator, "entered", site)
    assert entry.after["cases"] == 1


@pytest.mark.parametrize("seed", [1, 2])
def test_sample_has_the_size_and_the_share(make, site, seed):
    films_of(site, "pppppnnnnnnn-")
    study = make(Sample(size=8, positive_percent=25), seed=seed)

    drawn = Radiograph.objects.filter(list_cases__reading_list=study)
    assert sorted(drawn.values_list("rt_pcr", flat=True)) == ["negative"] * 6 + ["positive"] * 2
    told = {name: study.protocol[name] for name in ("way", "size", "positive_percent", "seed")}
    assert told == {"way": "sample", "size": 8, "positive_percent": 25, "seed": seed}


def test_the_same_seed_draws_the_same_sample(make, site):
    films_of(site, "ppppppppnnnnnnnn")
    first, again, other = (make(Sample(6, 50), seed=seed) for seed in (1, 1, 2))
    assert chosen(first) == chosen(again) != chosen(other)


def test_sample_takes_one_film_of_a_patient(make, site, doctor):
    films_of(site, "nn")
    for seed in range(3):
        factories.make_radiograph(
            uploader=doctor, seed=seed, patient_code="SECRET-MANY", rt_pcr="positive"
        )

    assert refusal(make, Sample(4, 50)) == "few-positive"
    assert make(Sample(3, 33)).cases.count() == 3


def test_sample_takes_one_of_a_group_of_near_duplicates(make, site):
    films = films_of(site, "pp")
    Radiograph.objects.update(copy_group=films[0].pk)
    assert refusal(make, Sample(2, 100)) == "few-positive"


def test_sample_leaves_out_synthetic_pictures(make, site):
    films_of(site, "pn")
    Radiograph.objects.filter(rt_pcr="negative").update(is_synthetic=True)
    assert refusal(make, Sample(2, 50)) == "few-negative"


def test_withdrawn_consent_is_left_out_and_told(make, site):
    films = films_of(site, "pn")
    films[0].patient.consent_withdrawn_at = timezone.now() - timedelta(days=1)
    films[0].patient.save()
    study = make(Ticked([film.pk for film in films]))

    assert chosen(study) == keys(films[1:])
    assert study.protocol["left_out_without_consent"] == 1


def test_no_cases_are_refused(make, site):
    assert refusal(make, Ticked([])) == "no-cases"
    assert refusal(make, Matching("rt_pcr=positive")) == "no-cases"


def test_more_than_the_most_are_refused(make, site, monkeypatch):
    films_of(site, "ppp")
    monkeypatch.setattr(choosing, "MOST_CASES", 2)

    assert refusal(make, Matching("")) == "many-cases"
    assert refusal(make, Sample(3, 100)) == "many-cases"


def test_a_radiograph_of_another_institution_is_refused(make, site, other_site, administrator):
    films = [*films_of(site, "p"), *films_of(other_site, "p", first_seed=200)]
    ticked = Ticked([film.pk for film in films])

    assert refusal(make, ticked) == "case-of-other-site"
    assert refusal(make, ticked, by=administrator) == "case-of-other-site"


def test_what_is_in_the_trash_is_refused(make, site, doctor):
    film = films_of(site, "p")[0]
    trash(radiograph=film, by=doctor)
    assert refusal(make, Ticked([film.pk])) == "case-of-other-site"


def test_filters_that_do_not_exist_are_refused(make, site):
    assert refusal(make, Matching("rt_pcr=purple")) == "bad-filters"


def test_fewer_than_two_readers_are_refused(make, site, readers):
    asked = Ticked([films_of(site, "p")[0].pk])
    assert refusal(make, asked, readers=readers[:1]) == "few-readers"
    assert refusal(make, asked, readers=[readers[0]] * 2) == "reader-twice"


@pytest.mark.parametrize("who", ["stranger", "health_worker", "researcher", "administrator"])
def test_who_does_not_read_there_is_refused(make, site, readers, request, who):
    asked = Ticked([films_of(site, "p")[0].pk])
    person = request.getfixturevalue(who)

    assert refusal(make, asked, readers=[*readers, person]) == "reader-of-other-site"
    assert refusal(make, asked, adjudicator=person) == "reader-of-other-site"


def test_a_closed_account_reads_nothing(make, site, readers):
    readers[1].is_active = False
    readers[1].save()
    assert refusal(make, Ticked([films_of(site, "p")[0].pk])) == "reader-of-other-site"


def test_the_adjudicator_does_not_read(make, site, readers):
    asked = Ticked([films_of(site, "p")[0].pk])
    assert refusal(make, asked, adjudicator=readers[0]) == "adjudicator-reads"


def test_only_managers_of_the_institution_make_studies(make, site, doctor, other_site):
    asked = Ticked([films_of(site, "p")[0].pk])
    other = factories.UserFactory(role="administrator", site=other_site)
    for person in (doctor, other):
        with pytest.raises(PermissionDenied):
            make(asked, by=person)


def test_an_administrator_of_the_platform_makes_one_anywhere(site, administrator, readers):
    assert study_of(administrator, films_of(site, "pn"), readers).site == site
