"""One whole run of a program over a real socket: upload, look, confirm, take away, delete."""

import io
import zipfile

import httpx
import pytest

from tests import factories


@pytest.fixture
def web(live_server, doctor, token):
    headers = {"authorization": f"Bearer {token(doctor)}", "accept-language": "en"}
    with httpx.Client(base_url=f"{live_server.url}/api/v1", headers=headers, timeout=30) as client:
        yield client


def send(web: httpx.Client, content: bytes, **facts: str) -> httpx.Response:
    file = ("film.png", content, "image/png")
    return web.post("/images", data={"patient_code": "P-1"} | facts, files={"file": file})


@pytest.mark.django_db(transaction=True)
def test_whole_run(web):
    content = factories.chest_png(3)
    created = send(web, content, rt_pcr="negative", tested_on="2020-04-01")
    assert created.status_code == 201
    image = created.headers["location"]

    assert send(web, content).json()["duplicate"] is True
    assert web.get(created.json()["picture"]).content == content
    confirmed = web.patch(image, json={"truth": {"target": "covid-19", "result": "positive"}})
    assert confirmed.json()["truth"][0]["result"] == "positive"

    with web.stream("GET", "/cases.zip") as download:
        archive = zipfile.ZipFile(io.BytesIO(download.read()))
    assert f"images/{created.json()['id']}.png" in archive.namelist()
    assert web.get("/cases.csv").text.count("\n") == 2

    assert web.delete(image).status_code == 204
    assert web.get(image).json() == {"code": "not-found", "detail": "There is no such thing here."}


@pytest.mark.django_db(transaction=True)
def test_refused_file(web):
    refused = send(web, b"no picture")

    assert (refused.status_code, refused.json()["code"]) == (400, "not-an-image")
