"""`tutela audit …`: what the log says, and that nothing of it can be changed unseen."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from installation import Installation, fresh, here, lines, value

from tutela.people.roles import BUILT_IN

__all__ = ["fresh", "here"]


@pytest.fixture
def logged(here) -> Installation:
    """An installation with a few entries in its log, under as many checkpoints."""
    for name in ("rain", "fog"):
        here.ok("bank", "create", name, "--purpose", "test")
    here.ok("bank", "import", "rain", "-", "--type", "pdq", given=value("a").encode())
    return here


def tamper(database: Path, *statements: str) -> None:
    """What someone could do who may write to the database: first remove what refuses it."""
    with closing(sqlite3.connect(database)) as opened, opened:
        for trigger in ("update", "delete"):
            opened.execute(f"DROP TRIGGER IF EXISTS audit_entry_no_{trigger}")
        for statement in statements:
            assert opened.execute(statement).rowcount


def test_the_log_says_who_did_what_and_holds_no_value(logged):
    entries = logged.records("audit", "show")
    assert [entry["number"] for entry in entries] == [*range(1, len(entries) + 1)]
    acts = [(entry["action"], entry["subject"]) for entry in entries[2:]]
    assert acts == [
        *(("role.create", f"role:{name}") for name in BUILT_IN),
        ("invitation.make", "administrator"),
        ("bank.create", "bank:rain"), ("bank.create", "bank:fog"),
        ("bank.add", "bank:rain"), ("bank.import", "bank:rain"),
    ]  # fmt: skip
    assert entries[2]["actor"].startswith("shell:")
    facts = json.loads(entries[-1]["facts"])
    assert facts["sha256"] == hashlib.sha256(value("a").encode()).hexdigest()
    assert value("a") not in json.dumps(entries)
    assert logged.records("bank", "show", "rain")[0]["root"] == json.loads(
        entries[-2]["facts"]
    )["root"]  # fmt: skip
    logged.ok("bank", "change", "rain", "--note", "thunder")
    logged.ok("bank", "disable", "rain")
    assert "thunder" not in logged.ok("audit", "show", "--json")
    assert len(logged.records("audit", "show", "--after", "2", "--limit", "3")) == 3
    assert "bank.disable" in logged.ok("audit", "show")


def root_of(leaves: list[bytes]) -> bytes:
    """The root of a Merkle tree, as RFC 6962 writes it."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root_of(leaves[:split]) + root_of(leaves[split:])).digest()


def test_any_other_program_can_check_the_log_and_its_checkpoints(logged):
    """From `audit show --json`, the checkpoints and the public key, as docs/audit.md says."""
    previous, leaves = hashlib.sha256().digest(), []
    for entry in logged.records("audit", "show"):
        said = entry.pop("hash")
        text = json.dumps(
            entry | {"previous": previous.hex()}, sort_keys=True, separators=(",", ":")
        )
        previous = hashlib.sha256(b"\0" + text.encode()).digest()
        assert previous.hex() == said
        leaves.append(previous)
    files = sorted((logged.data / "checkpoints").glob("*.json"))
    assert len(files) >= 3
    public = load_pem_public_key((logged.keys / "audit.key.pub").read_bytes())
    before = ""
    for path in files:
        outer = json.loads(path.read_bytes())
        kind, payload = outer["payloadType"].encode(), base64.b64decode(outer["payload"])
        assert kind == b"application/vnd.tutela.audit-checkpoint+json"
        signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
        public.verify(base64.b64decode(outer["signatures"][0]["sig"]), signed)
        said = json.loads(payload)
        count = said["entries"]
        assert path.name == f"{count:012}.json"
        assert said["root"] == root_of(leaves[:count]).hex()
        assert said["last"] == leaves[count - 1].hex()
        assert said["before"] == before
        before = hashlib.sha256(path.read_bytes()).hexdigest()
    (verified,) = logged.records("audit", "verify")
    assert verified["ok"] and verified["faults"] == []
    assert verified["entries"] == verified["signed"] == len(leaves)
    assert (verified["root"], verified["checkpoints"]) == (root_of(leaves).hex(), len(files))
    assert "is whole" in logged.ok("audit", "verify")


def faults(where: Installation, *options: str | Path, **environment: str) -> list[str]:
    """What a check of the log finds; each is also a line for a person."""
    ran = where.run("audit", "verify", *options, "--json", **environment)
    (found,) = lines(ran.stdout)
    assert (ran.returncode, found["ok"]) == ((3, False) if found["faults"] else (0, True))
    return found["faults"]


def test_what_was_done_to_the_log_is_found_and_named(logged, tmp_path):
    with closing(sqlite3.connect(logged.database)) as opened:
        for act in ("UPDATE audit_entry SET actor = 'x'", "DELETE FROM audit_entry"):
            with pytest.raises(sqlite3.IntegrityError, match="can only be appended to"):
                opened.execute(act)
    for act, said in (
        ("UPDATE audit_entry SET actor = 'shell:nobody' WHERE number = 5", "Entry 5 was changed"),
        ("UPDATE audit_entry SET facts = '{}' WHERE number = 4", "Entry 4 was changed"),
        ("DELETE FROM audit_entry WHERE number = 4", "Entry 4 is missing"),
        ("DELETE FROM audit_entry WHERE number > 5", "Entries 6 to 12 are missing"),
        ("UPDATE audit_entry SET number = 14 WHERE number = 12", "missing"),
        ("UPDATE audit_head SET number = 6", "set back to entry 6"),
        ("DELETE FROM audit_head", "head of the log is missing"),
    ):
        shutil.rmtree(tmp_path / "copy", ignore_errors=True)
        shutil.copytree(logged.data, tmp_path / "copy")
        tamper(tmp_path / "copy" / "tutela.db", act)
        found = faults(logged, TUTELA_DATA=str(tmp_path / "copy"))
        assert said in " ".join(found), (act, found)
    ran = logged.run("audit", "verify", TUTELA_DATA=str(tmp_path / "copy"))
    assert ran.returncode == 3 and "not what was logged" in ran.stdout
    assert ran.stderr.startswith("tutela: ")
    assert faults(logged) == []


def test_checkpoints_that_are_not_the_signers_are_found(logged, tmp_path):
    folder = logged.data / "checkpoints"
    names = sorted(path.name for path in folder.glob("*.json"))
    for act, said in (
        (lambda f: (f / names[1]).unlink(), "was removed or replaced"),
        (lambda f: (f / names[1]).write_text("{}"), "is not valid"),
        (lambda f: (f / names[-1]).rename(f / f"{99:012}.json"), "renamed"),
    ):
        copy = tmp_path / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(folder, copy)
        act(copy)
        found = faults(logged, "--checkpoints", copy)
        assert said in " ".join(found), found
    other = Installation(tmp_path)
    other.ok("init")
    found = faults(logged, "--public-key", other.keys / "audit.key.pub")
    assert all("is not signed with the key" in fault for fault in found) and found
    assert "does not exist" in logged.run("audit", "verify", "--checkpoints", "/nowhere").stderr


def test_only_a_copy_of_the_checkpoints_shows_a_tail_cut_together_with_them(logged, tmp_path):
    """docs/audit.md says that this is not found here, and by what it is."""
    with closing(sqlite3.connect(logged.database)) as opened:
        (head,) = opened.execute("SELECT number, hex(hash), hex(frontier) FROM audit_head")
    logged.ok("bank", "disable", "rain")
    shutil.copytree(logged.data / "checkpoints", tmp_path / "elsewhere")
    tamper(
        logged.database,
        f"DELETE FROM audit_entry WHERE number > {head[0]}",
        f"UPDATE audit_head SET number = {head[0]}, hash = X'{head[1]}', frontier = X'{head[2]}'",
    )
    assert any("the end was cut off" in fault for fault in faults(logged))
    (logged.data / "checkpoints" / f"{head[0] + 1:012}.json").unlink()
    assert faults(logged) == []
    found = faults(logged, "--checkpoints", tmp_path / "elsewhere")
    assert any(f"Entry {head[0] + 1} is missing" in fault for fault in found)


def test_an_auditor_needs_a_copy_and_the_public_key_only(logged, tmp_path):
    auditor = Installation(tmp_path)
    shutil.copytree(logged.data, auditor.data)
    shutil.copy(logged.keys / "audit.key.pub", tmp_path / "given.pub")
    (found,) = auditor.records("audit", "verify", "--public-key", tmp_path / "given.pub")
    assert found["ok"] and found["signed"] == found["entries"]
    assert not auditor.keys.exists()
    assert "cannot be read" in auditor.refused("audit", "verify", code=3)


def test_what_was_not_signed_is_signed_later(logged):
    key, hidden = logged.keys / "audit.key", logged.keys / "hidden"
    key.rename(hidden)
    said = logged.refused("bank", "create", "snow", "--purpose", "test", code=3)
    assert "audit.key cannot be read" in said
    assert logged.records("bank", "show", "snow"), "what was done is stored, and logged"
    (found,) = logged.records("audit", "verify")
    assert found["ok"] and found["signed"] == found["entries"] - 1
    assert "Restore it from its backup" in logged.refused("init")
    hidden.rename(key)
    assert "Signed: " in logged.ok("audit", "checkpoint")
    assert "has not grown" in logged.ok("audit", "checkpoint")
    (found,) = logged.records("audit", "verify")
    assert found["signed"] == found["entries"]
    key.chmod(0o644)
    assert "chmod 600" in logged.refused("bank", "create", "hail", "--purpose", "test", code=3)


def test_a_lost_key_is_replaced_and_the_old_one_still_proves_its_part(logged, tmp_path):
    (logged.keys / "audit.key").unlink()
    assert "Restore it from its backup" in logged.refused("init")
    old = tmp_path / "old"
    old.mkdir()
    (logged.data / "checkpoints").rename(old / "checkpoints")
    assert "Restore it from its backup" in logged.refused("init"), "its public half is there"
    (logged.keys / "audit.key.pub").rename(old / "audit.key.pub")
    assert "Back up" in logged.ok("init")
    logged.ok("audit", "checkpoint")
    (found,) = logged.records("audit", "verify")
    assert found["ok"] and found["signed"] == found["entries"] and found["checkpoints"] == 1
    logged.ok("bank", "disable", "rain")
    then = ("--public-key", old / "audit.key.pub", "--checkpoints", old / "checkpoints")
    assert faults(logged, *then) == []
    (found,) = logged.records("audit", "verify", *then)
    assert found["signed"] == found["entries"] - 1
    tamper(logged.database, "UPDATE audit_entry SET actor = 'x' WHERE number = 2")
    assert faults(logged, *then)
