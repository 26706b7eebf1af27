"""Someone with a licence: a package of theirs matches what lists hold, and another is asked about
what only it can make of a picture. Real processes; the package is the example's."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import extensions
import pytest
from screening.conftest import picture
from sqlalchemy import select

from server.serving import Service, service, until
from tutela.banks import changes
from tutela.banks import service as banks
from tutela.banks.changes import New
from tutela.exchanges import secrets
from tutela.exchanges import service as exchanges
from tutela.screening.models import ItemMatch
from tutela.testing.hash_sharing import PhotoDna

TYPES = json.dumps(["sha256", "pdq", "photodna", "photodna-edge"])


@pytest.fixture
def cloud() -> Iterator[PhotoDna]:
    with PhotoDna() as server:
        yield server


@pytest.fixture
def served(tmp_path, cloud) -> Iterator[Service]:
    with service(tmp_path) as made:
        made.python = str(extensions.environment(tmp_path))
        made.secrets["senior"] = made.key("senior", "cases", "match:detail")
        with made.app() as app, app.database.writing() as session:
            row = exchanges.add(
                session, app.database.now(), "shell:ann", "cloud", "photodna-cloud",
                {"url": cloud.url}, 10,
            )  # fmt: skip
            secrets.put(
                session, app.database.now(), "shell:ann", app.exchanges_sealing(), row,
                {"subscription_key": "rain"},
            )  # fmt: skip
        yield made


def values(served: Service, path: Path) -> dict[str, str]:
    """What the package makes of a picture, by type."""
    said = subprocess.run(
        [served.python, "-m", "tutela", "screen", "--json", path], check=True,
        env=served.environment(TUTELA_SIGNALS__TYPES=TYPES), capture_output=True, text=True,
    ).stdout  # fmt: skip
    signals = json.loads(said)["signals"]
    return {one["type"]: one["value"] for one in signals if one["variant"] == "plain"}


def test_what_a_list_holds_is_matched_and_another_is_asked_about_it(served, cloud, tmp_path):
    data, other = picture(88_001), picture(88_001, "JPEG", 400)
    (tmp_path / "a.png").write_bytes(data)
    (tmp_path / "b.jpg").write_bytes(other)
    listed, theirs = values(served, tmp_path / "a.png"), values(served, tmp_path / "b.jpg")
    assert listed["photodna"] != theirs["photodna"]
    cloud.put(theirs["photodna-edge"])
    with served.app() as app, app.database.writing() as session:
        bank = banks.create(session, app.database.now(), "shell:ann", "list", "known-csea").id
        value = bytes.fromhex(listed["photodna"])
        changes.add(session, app.database.now(), "shell:ann", bank, [New("photodna", value)])
    served.start(TUTELA_SIGNALS__TYPES=TYPES)
    assert served.verdict(picture(88_002)) == "allow"
    assert cloud.calls == [], "what matched nothing is nobody's business"
    _, told = served.screen(other)
    assert told["verdict"] == "review", told

    def item():
        _, case = served.get(f"/api/v1/cases/{told['case_id']}", "senior")
        (found,) = case["alerts"]["items"]
        return found if [one["state"] for one in found["opinions"]] == ["given"] else None

    found = until(item, "nobody said what it is")
    (said,) = found["opinions"]
    assert (said["exchange"], said["found"], said["match"]) == ("cloud", "listed", "near")
    assert said["type"] == "photodna-edge"
    with served.app() as app, app.database.reading() as session:
        kinds = session.execute(select(ItemMatch.type, ItemMatch.distance)).all()
    assert [kind for kind, apart in kinds if apart > 0] == ["photodna"]
    assert [path for _, path, _ in cloud.calls] == ["/photodna/v1.0/MatchHash?enhance=false"]


def test_an_edge_hash_that_a_platform_makes_itself_comes_with_the_item(served, cloud):
    """Without a package here: whoever has the licence gives the value as a signal."""
    served.python = sys.executable
    cloud.put("0f" * 924)
    with served.app() as app, app.database.writing() as session:
        bank = banks.create(session, app.database.now(), "shell:ann", "list", "known-csea").id
        changes.add(session, app.database.now(), "shell:ann", bank, [New("sha256", b"\1" * 32)])
    served.start(TUTELA_SIGNALS__TYPES=TYPES)
    given = [
        {"type": "sha256", "value": "01" * 32},
        {"type": "photodna-edge", "value": base64.b64encode(b"\x0f" * 924).decode()},
    ]
    reply = served.http.request(
        "POST", f"http://127.0.0.1:{served.port}/api/v1/screen", json={"signals": given},
        headers={"authorization": f"Bearer {served.secrets['platform']}"},
    )  # fmt: skip
    told = reply.json()
    assert told["verdict"] == "block", told

    def said():
        _, case = served.get(f"/api/v1/cases/{told['case_id']}", "senior")
        (found,) = case["alerts"]["items"][0]["opinions"]
        return found if found["state"] == "given" else None

    found = until(said, "nobody said what it is")
    assert (found["type"], found["found"]) == ("photodna-edge", "listed")
