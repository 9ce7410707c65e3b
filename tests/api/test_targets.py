"""GET /api/v1/targets/"""

from images.models import Target

URL = "/api/v1/targets/"


def test_targets_that_ship(doctor, sign_in):
    first = sign_in(doctor).get(URL, headers={"accept-language": "en"}).json()[0]

    assert (first["code"], first["confirming_test"]) == ("covid-19", "RT-PCR")
    assert [(c["code"], c["test_result"], c["is_positive"]) for c in first["classes"]] == [
        ("no-covid-19", "negative", False),
        ("covid-19", "positive", True),
    ]


def test_names_in_the_readers_language(doctor, sign_in):
    client = sign_in(doctor)

    def name(language: str) -> str:
        return client.get(URL, headers={"accept-language": language}).json()[1]["name"]

    assert (name("es"), name("en")) == (
        "Normal / COVID-19 / neumonía viral",
        "Normal / COVID-19 / viral pneumonia",
    )


def test_retired_target_is_not_listed(doctor, sign_in):
    Target.objects.filter(code="covid-19").update(is_active=False)

    codes = [target["code"] for target in sign_in(doctor).get(URL).json()]
    assert codes == ["chest-three-classes"]
