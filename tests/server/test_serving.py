"""`tutela serve` with its processes: it starts, each of them is killed, it stops; on SQLite."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.doors import KNOWN, OTHER, Door, Line, facts
from server.serving import (
    Service,
    alive,
    children,
    command,
    descendants,
    environ,
    service,
    until,
)  # fmt: skip
from tutela.evidence.opening import VARIABLE


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Service]:
    """A service whose identity is in the environment, not in a file."""
    with service(tmp_path_factory.mktemp("served")) as made:
        made.start(**{VARIABLE: identity(made)})
        yield made


def identity(of: Service) -> str:
    lines = (of.keys / "evidence.identity").read_text().splitlines()
    return next(line for line in lines if line.startswith("AGE-SECRET-KEY-"))


def test_it_answers_once_it_is_ready(served):
    assert served.verdict(KNOWN) == "block" and served.verdict(OTHER) == "allow"
    assert served.get("/healthz/live") == (200, {"status": "alive"})
    assert {name: len(served.roles(name)) for name in ("web", "worker", "vault")} == {
        "web": 1, "worker": 1, "vault": 1,
    }  # fmt: skip


def test_only_the_vault_is_given_the_identity(served):
    secret = identity(served).encode()
    (vault,) = served.roles("vault")
    others = [pid for pid in served.everyone() if pid != vault]
    assert len(others) >= 3, "web, worker and a decoder"
    for pid in others:
        assert secret not in environ(pid) and VARIABLE.encode() not in environ(pid), command(pid)
    if os.getuid() == 0:  # of others the system keeps it, from this user too
        assert secret in environ(vault)
    else:
        for pid in (vault, served.pid):
            with pytest.raises(PermissionError):
                environ(pid)


def test_a_second_one_on_the_same_data_is_refused(served):
    line = served.refused("serve")
    assert "Another server" in line and str(served.data) in line
    assert served.verdict() == "block"


def test_several_workers_on_sqlite_are_refused(served):
    assert "Postgres" in served.refused("serve", "--workers", "2")


def test_a_port_that_is_taken_is_named(tmp_path):
    with service(tmp_path) as other, socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        line = other.refused("serve", TUTELA_SERVICE__PORT=port)
        assert port in line and "in use" in line
        (other.data / "recipients.txt").write_text("# nobody\n")
        assert "recipient" in other.refused("serve")


def test_a_key_in_a_path_stands_in_no_log(served):
    key = served.secrets["platform"]
    for path in (f"/hma/k/{key}/m/lookup", f"/hma/k/{key}/nowhere", f"/hma//k/{key}//status"):
        url = f"http://127.0.0.1:{served.port}{path}"
        reply = served.http.request("GET", url, headers={"connection": "close"})
        assert reply.status < 500
    until(lambda: served.get("/healthz/ready")[0] == 200)
    assert key not in served.log.read_text()


@pytest.mark.parametrize("role", ["vault", "worker", "web"])
def test_a_role_that_is_killed_is_started_again(served, role):
    (before,) = served.roles(role)
    left = descendants(before)
    os.kill(before, signal.SIGKILL)
    if role == "web":  # requests wait for the next one, on the socket of the supervisor
        until(lambda: served.roles("web") not in ([], [before]))
    else:
        until(lambda: role in served.missing(), f"{role} was not missed")
        assert served.verdict() == "block", "meanwhile uploads are answered"
        assert served.missing() <= {role}
    served.until_ready()
    (after,) = served.roles(role)
    assert after != before and served.verdict() == "block"
    until(lambda: not any(alive(pid) for pid in left), "what it had started is there still")


def test_a_decoder_that_is_killed_is_replaced(served):
    (web,) = served.roles("web")
    for _ in range(2):
        (decoder,) = children(web)
        os.kill(decoder, signal.SIGKILL)
        assert served.verdict(OTHER) == "allow"
        until(lambda killed=decoder: children(web) not in ([], [killed]))


def test_a_policy_that_is_applied_decides_soon(served):
    assert served.verdict() == "block"
    path = served.folder / "policy.yaml"
    path.write_text(served.policy.replace("verdict: block", "verdict: review", 1))
    ran = served.run("policy", "apply", str(path))
    assert ran.returncode == 0, ran.stderr
    until(lambda: served.verdict() == "review")
    served.apply(served.policy)
    until(lambda: served.verdict() == "block")


def test_a_key_that_is_revoked_opens_nothing_soon(served):
    assert served.screen(OTHER, "gone")[0] == 200
    served.revoke("gone")
    until(lambda: served.screen(OTHER, "gone")[0] == 401)


def test_a_database_that_is_gone_stops_verdicts_and_nothing_else(served):
    database = served.data / "tutela.db"
    away = served.data / "moved.db"
    counted = rows(database)
    database.rename(away)
    status, told = served.screen()
    assert (status, told["type"]) == (503, "tutela:not-available")
    assert "database" in until(lambda: served.missing() & {"database", "worker"} and "database")
    assert served.screen(OTHER)[0] == 503
    assert served.get("/healthz/live")[0] == 200
    assert not database.exists(), "nobody made an empty one"
    away.rename(database)
    served.until_ready()
    assert rows(database) == counted
    assert served.verdict() == "block" and rows(database) == counted + 1


def rows(database: Path) -> int:
    return asked(database, "SELECT count(*) FROM screening_decision")


def asked(database: Path, what: str) -> int:
    connection = sqlite3.connect(database)
    found: int = connection.execute(what).fetchone()[0]
    connection.close()
    return found


def test_it_stops_when_it_is_told_and_ends_what_is_in_work(served):
    everyone = served.everyone()
    door = Door(None, served.port, served.secrets)
    line, idle = Line(served.port), Line(served.port)
    public = facts({"item": {"channel": "public"}})
    line.send(door.head(len(OTHER), tutela_facts=public) + OTHER[:1000])
    until(lambda: served.measured("tutela_requests_in_work") == 1)
    served.process.send_signal(signal.SIGTERM)
    assert idle.closed()
    assert served.process.poll() is None
    line.send(OTHER[1000:])
    assert line.reply().json["verdict"] == "allow"
    assert served.process.wait(30) == 0
    counted = "SELECT sum(count) FROM screening_count WHERE channel = 'public'"
    assert asked(served.data / "tutela.db", counted) == 1, "what came last is counted too"
    assert not any(alive(pid) for pid in everyone)
    assert not (served.data / "run" / "server.json").exists()
    assert "a fault of Tutela" not in served.log.read_text()
    line.close()
    idle.close()
