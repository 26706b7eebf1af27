"""`tutela receiver`, `tutela evidence bundle` and `tutela evidence verify`, as both sides meet
them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyrage
import pytest
from decisions.world import ANN, add
from evidence.vaults import listening
from installation import Installation

from tutela import evidence, settings
from tutela.app import App
from tutela.cases import work
from tutela.decisions import service as decisions
from tutela.evidence import identities
from tutela.screening.models import Decided

UNTIL = ("--expires", "2090-01-01", "--country", "US")
US: dict[str, Any] = {
    "TUTELA_LAW__ESTABLISHED": "US",
    "TUTELA_LAW__KINDS": '["electronic-communication"]',
}


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a new installation, for copies."""
    folder = tmp_path_factory.mktemp("bundling")
    Installation(folder).ok("init")
    return folder


@pytest.fixture
def here(fresh: Path, tmp_path: Path) -> Installation:
    shutil.copytree(fresh, tmp_path / "own")
    return Installation(tmp_path / "own")


def opened(here: Installation) -> App:
    return App.open(settings.load(here.environment()))


@pytest.fixture
def case(here: Installation) -> str:
    """A case of which a file is confirmed."""
    with opened(here) as app:
        now = app.database.now()
        item = add(app.database, now, "rider")
        sealed = app.sealer().seal(b"A bicycle in the rain.")
        with app.database.writing() as session:
            decided = session.get_one(Decided, item)
            decided.evidence_id = evidence.record(session, now, sealed, None).id
            assert decided.case_id is not None
            case = work.take_over(session, now, ANN, decided.case_id, "its turn")
            decisions.decide(session, now, ANN, case, [item], "confirmed", "So.", agreed=True)
            return decided.case_id


@pytest.fixture
def theirs(here: Installation, tmp_path: Path) -> Path:
    """The identity of a receiver who was added."""
    path = tmp_path / "theirs" / "identity"
    recipient = identities.make(path)
    here.ok("receiver", "add", "north", recipient, *UNTIL, "--authority", "ncmec", "--note", "[N]")
    return path


def test_a_bundle_is_made_here_and_checked_where_nothing_is(
    here: Installation, case: str, theirs: Path, tmp_path: Path
) -> None:
    """A byte that was altered is told by the exit code; whose key it is, with --key."""
    out = here.folder / "case.bundle"
    (made,) = here.records(
        "evidence", "bundle", case, "--to", "north", "--out", out, "--reason", "Order 12."
    )
    assert (made["files"], made["enclosed"], made["without_md5"]) == (1, 0, 1)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    other = Installation(elsewhere)
    words = ("evidence", "verify", out, "--identity", theirs)
    (found,) = other.records(*words, "--key", here.keys / "audit.key.pub")
    assert found["whole"] and found["trusted"] and found["signer"] == made["signer"]
    assert found["said"]["reason"] == "Order 12." and not (elsewhere / "data").exists()
    ran = other.run(*words)
    assert ran.returncode == 0 and "compare it" in ran.stderr and made["signer"] in ran.stdout
    assert "is sealed" in other.refused("evidence", "verify", out)
    data = bytearray(out.read_bytes())
    data[-1] ^= 1
    out.write_bytes(bytes(data))
    assert other.run(*words).returncode == 3
    log = here.records("audit", "show")
    assert {"receiver.add", "bundle.begin", "bundle.make"} <= {one["action"] for one in log}


def test_files_go_with_a_law_and_a_second_person(
    here: Installation, case: str, theirs: Path
) -> None:
    """Not without either."""
    out = here.folder / "case.bundle"
    words = (
        "evidence", "bundle", case, "--to", "north", "--out", out, "--reason", "Order 12.",
        "--with-files",
    )  # fmt: skip
    anna, ben = here.key("anna", "export"), here.key("ben", "export")
    assert "No law pack" in here.refused(*words, TUTELA_KEY=anna)
    with opened(here) as app:
        sealer = app.sealer()
        held = identities.read(app.identity)
        app.run_folder.mkdir(exist_ok=True)
        with listening(app.database, app.store(), held, app.vault_socket, lambda: sealer):
            assert "two people" in here.refused(*words, **US)
            assert "approve 1" in here.refused(*words, TUTELA_KEY=anna, **US)
            here.ok("approve", "1", TUTELA_KEY=ben)
            (made,) = here.records(*words, TUTELA_KEY=anna, **US)
    assert made["enclosed"] == 1
    (found,) = here.records("evidence", "verify", out, "--identity", theirs)
    assert found["whole"] and found["said"]["files"]["rule"] == "us/ncmec-content"


def test_receivers_are_listed_and_taken_off(here: Installation, theirs: Path) -> None:
    """What was typed is shown as it was."""
    (one,) = here.records("receiver", "list")
    assert (one["name"], one["country"], one["note"], one["expired"]) == (
        "north",
        "US",
        "[N]",
        False,
    )
    assert "[N]" in here.ok("receiver", "list")
    assert "already" in here.refused("receiver", "add", "north", one["recipient"], *UNTIL)
    here.ok("receiver", "remove", "north")
    assert here.records("receiver", "list") == []


@pytest.mark.parametrize(
    "words",
    [
        ("receiver", "remove", "nobody"),
        ("receiver", "add", "north", "age1", *UNTIL),
        ("receiver", "add", "north", str(pyrage.x25519.Identity.generate().to_public()),
         "--expires", "2020-01-01", "--country", "GB"),
        ("evidence", "bundle", "case_none", "--to", "nobody", "--out", "x", "--reason", "y"),
        ("evidence", "bundle", "case_none", "--to", "a", "--out", "home", "--reason", "y"),
        ("evidence", "bundle", "case_none", "--to", "a", "--out", "x", "--reason", "y",
         "--categories", "nowhere.yaml"),
        ("evidence", "verify", "nowhere"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_words(here: Installation, words: tuple[str, ...]) -> None:
    """And nothing is written."""
    ran = here.run(*words)
    assert ran.returncode in (1, 3) and ran.stderr.startswith("tutela: ")
    assert not (here.folder / "x").exists() and not (here.data / "receivers.json").exists()
