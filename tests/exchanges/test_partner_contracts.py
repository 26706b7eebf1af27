"""Each partner on line keeps the contract, at a test server of its own."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

from tutela.exchanges.arachnid import Arachnid
from tutela.exchanges.ncmec.partner import Ncmec
from tutela.exchanges.partners import Call, Feedback, Opinion, Reply, Setup
from tutela.exchanges.photodna_cloud import PhotoDnaCloud
from tutela.exchanges.stopncii import StopNcii
from tutela.exchanges.threatexchange import ThreatExchange
from tutela.testing import hash_sharing
from tutela.testing.adviser_contract import AdviserContract
from tutela.testing.exchange_contract import NOW, ExchangeContract
from tutela.testing.hash_sharing.stand import Request, Stand

MD5 = "02" * 16
URL = "http://127.0.0.1:9"


def answered(server: Stand, call: Call) -> Reply:
    parts = urlsplit(call.url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    headers = {name.lower(): value for name, value in call.headers.items()}
    found = server.reply(Request(call.method, parts.path, query, headers, call.body))
    assert found is not None and found.status == 200
    return Reply(200, {}, found.body)


class TestNcmec(ExchangeContract):
    partner = Ncmec()
    setup = Setup({"url": URL, "user": "bicycle"}, {"password": "rain"})
    feedback = Feedback("42/one", "md5", MD5, Opinion.POSITIVE)
    server = hash_sharing.Ncmec(port=9, size=3, clock=lambda: NOW.replace(hour=11))
    server.put("42", "one", md5=MD5)
    server.traffic(30)
    server.put("42", "one", md5=MD5)

    def answer(self, call: Call) -> Reply:
        return answered(self.server, call)


class TestStopNcii(ExchangeContract):
    partner = StopNcii()
    setup = Setup({"url": URL + "/v1"}, {"function_key": "hail", "subscription_key": "thunder"})
    feedback = Feedback("1", "pdq", "0f" * 32, Opinion.NEGATIVE)
    server = hash_sharing.StopNcii(port=9, clock=lambda: NOW.replace(hour=11))
    server.traffic(2000)

    def answer(self, call: Call) -> Reply:
        return answered(self.server, call)


class TestArachnid(AdviserContract):
    partner = Arachnid()
    setup = Setup({"url": URL, "user": "bicycle"}, {"password": "rain"})
    kind = "pdq"
    server = hash_sharing.Arachnid(port=9)
    server.put(f"{1:064x}", "csam", "exact")

    def answer(self, call: Call) -> Reply:
        return answered(self.server, call)


class TestPhotoDnaCloud(AdviserContract):
    partner = PhotoDnaCloud()
    setup = Setup({"url": URL}, {"subscription_key": "rain"})
    kind = "photodna-edge"
    server = hash_sharing.PhotoDna(port=9)
    server.put(f"{1:01848x}")

    def answer(self, call: Call) -> Reply:
        return answered(self.server, call)


class TestThreatExchange(ExchangeContract):
    partner = ThreatExchange()
    setup = Setup({"url": URL, "privacy_group": "7"}, {"access_token": "8|weather"})
    feedback = Feedback("100", "pdq", "0f" * 32, Opinion.NEGATIVE)

    def answer(self, call: Call) -> Reply:
        """Two pages of two updates; the link has the token, as Graph's has."""
        parts = urlsplit(call.url)
        if call.method == "POST":
            return Reply(200, {}, b'{"success": true}')
        if parts.path == "/100":
            return Reply(200, {}, b'{"descriptors": {"data": [{"id": "1"}]}, "id": "100"}')
        second = "after=x" in parts.query
        rows = [update(number, second) for number in (102, 103) if second]
        rows += [update(number, second) for number in (100, 101) if not second]
        said: dict[str, object] = {"data": rows}
        if not second:
            said["paging"] = {"next": f"{call.url}&after=x"}
        return Reply(200, {}, json.dumps(said).encode())


def update(number: int, deleted: bool) -> dict[str, object]:
    descriptors = [{"id": "1", "owner": {"id": "5"}, "status": "MALICIOUS", "tags": ["bicycle"]}]
    return {
        "id": str(number), "indicator": f"{number:064x}", "type": "HASH_PDQ",
        "last_updated": 1_700_000_000 + number, "should_delete": deleted,
        "descriptors": descriptors,
    }  # fmt: skip
