"""A review tool that speaks to HMA, such as Coop, speaks to Tutela: its calls in their order, by a
client that is made from the description alone, at a base that ends in a slash and has the key."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from api.service import Desk, serving, until

from hma.asking import media, weather
from hma.described_client import Answered, Client
from tutela.outbound.options import Options as Outbound

PICTURE = weather(5)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with media({"/a.png": ("image/png", PICTURE)}) as port:
        hosts = Outbound(hosts=(f"private:127.0.0.1:{port}",))
        with serving("", tmp_path_factory.mktemp("coop"), outbound=hosts) as made:
            made.media = f"http://127.0.0.1:{port}"  # type: ignore[attr-defined] # of this desk
            yield made


@pytest.fixture
def coop(desk: Desk) -> Client:
    return Client(desk.http, f"/hma/k/{desk.keys['all']}/")


def test_a_bank_is_made_filled_asked_about_renamed_and_deleted(desk: Desk, coop: Client):
    name = "COOP_E7C89CE7729_BICYCLES"
    made = coop.call("post_c_banks", {"name": name, "enabled_ratio": 0.5})
    assert made == {"name": name, "matching_enabled_ratio": 0.5}
    assert coop.call("put_c_bank_bank", {"enabled_ratio": 1}, bank=name)[
        "matching_enabled_ratio"
    ] == 1  # fmt: skip
    assert coop.call("get_c_bank_bank", bank=name)["name"] == name
    free = {"colour": "red", "wheels": 2}
    form = {"photo": ("a.png", PICTURE, "image/png"), "content_id": "c-1",
            "content_uri": "https://media.example/a.png", "metadata": json.dumps(free)}  # fmt: skip
    added = coop.call("post_c_bank_bank_content", form=form, bank=name)
    url = f"{desk.media}/a.png"  # type: ignore[attr-defined] # of this desk
    other = coop.call(
        "post_c_bank_bank_content", bank=name, url=url, content_id="c-2",
        metadata=json.dumps({"json": {"x": 1}}),
    )  # fmt: skip
    assert added["signals"] == other["signals"] and added["id"] != other["id"]
    shown = coop.call("get_c_bank_bank_content_number", bank=name, number=added["id"])
    assert shown["metadata"] == {
        "collab": None, "content_id": "c-1", "json": free,
        "content_uri": "https://media.example/a.png",
    }  # fmt: skip
    shown = coop.call("get_c_bank_bank_content_number", bank=name, number=other["id"])
    assert shown["metadata"]["content_id"] == "c-2" and shown["metadata"]["json"] == {"x": 1}
    hashes = coop.call("get_h_hash", url=url)
    assert hashes == added["signals"]
    for kind, value in hashes.items():

        def looked_up(kind: str = kind, value: str = value) -> dict[str, list[object]]:
            found: dict[str, list[object]] = coop.call(
                "get_m_lookup", signal_type=kind, signal=value
            )
            return found

        until(lambda: len(looked_up().get(name, ())) == 2)
    assert len(coop.call("get_m_lookup", url=url, content_type="photo")["pdq"][name]) == 2
    with pytest.raises(Answered) as refused:
        coop.call("get_m_lookup", signal_type="pdq")
    assert refused.value.status == 400
    assert coop.call("put_c_bank_bank", {"name": f"{name}_2"}, bank=name)["name"] == f"{name}_2"
    with pytest.raises(Answered) as refused:
        coop.call("get_c_bank_bank", bank=name)
    assert refused.value.status == 404
    assert coop.call("delete_c_bank_bank", bank=f"{name}_2") == {"message": "Done"}
    assert looked_up() == {}
    with desk.database.reading() as session:
        from tutela.audit.service import entries

        acts = [one.action for one in entries(session) if name.lower() in one.subject]
    assert acts == [
        "bank.create", "bank.change", "bank.add", "bank.add", "bank.rename", "bank.delete",
    ]  # fmt: skip


def test_an_exchange_is_added_and_watched(desk: Desk, coop: Client):
    assert "sample" in coop.call("get_c_exchanges_apis")
    assert coop.call("get_c_exchanges_api_api_schema", api="ncmec")["credentials_schema"]
    assert coop.call("get_c_exchanges_api_api", api="sample") == {
        "has_set_authentification": False, "supports_authentification": False,
    }  # fmt: skip
    keys = {"credential_json": {"user": "bicycle", "password": "rain"}}
    assert coop.call("post_c_exchanges_api_api", keys, api="ncmec")["has_set_authentification"]
    new = {"bank": "COOP_EX", "api": "sample", "api_json": {}}
    assert coop.call("post_c_exchanges", new) == {"message": "Created successfully"}
    assert coop.call("get_c_bank_bank", bank="COOP_EX")["matching_enabled_ratio"] == 1
    assert coop.call("put_c_bank_bank", {"enabled_ratio": 0.5}, bank="COOP_EX")
    shown = coop.call("get_c_exchange_name", name="COOP_EX")
    assert (shown["api"], shown["enabled"]) == ("sample", True)
    status = coop.call("get_c_exchange_name_status", name="COOP_EX")
    assert status["last_fetch_succeeded"] is None and status["fetched_items"] == 0
    with pytest.raises(Answered) as refused:
        coop.call("get_c_exchange_name", name="NOPE")
    assert refused.value.status == 404
