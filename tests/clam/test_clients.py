"""Programs that speak to clamd speak to `tutela serve`: Debian's clamdscan, and PyPI's clamd."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import clamd
import pytest
from conftest import missing
from server.doors import KNOWN, OTHER
from server.serving import PATIENCE, Service, alive, service, until


@dataclass
class Served:
    """A service with the door on a Unix socket and on TCP."""

    service: Service
    socket: str
    port: int

    def clients(self) -> list[Any]:
        return [
            clamd.ClamdUnixSocket(self.socket, 20),
            clamd.ClamdNetworkSocket("127.0.0.1", self.port, 20),
        ]

    def clamdscan(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        if shutil.which("clamdscan") is None:
            missing("clamdscan", "Debian's clamdscan is not installed")
        config = self.service.folder / "clamd.conf"
        config.write_text(f"LocalSocket {self.socket}\nStreamMaxLength 100M\n")
        return subprocess.run(
            ["clamdscan", "--stream", "--config-file", str(config), *arguments],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, free_port: int) -> Iterator[Served]:
    with service(tmp_path_factory.mktemp("served")) as made:
        path = str(made.folder / "clamd.sock")
        named = {
            "TUTELA_CLAMD__LISTEN": f'"127.0.0.1:{free_port}"', "TUTELA_CLAMD__SOCKET": f'"{path}"',
        }  # fmt: skip
        assert "tutela key create clamd --scope screen" in made.refused("serve", **named)
        made.key("clamd", "screen")
        made.start(**named)
        yield Served(made, path, free_port)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("uploads")
    for name, data in (("lane.jpg", KNOWN), ("rain.txt", OTHER), ("none", b"")):
        (made / name).write_bytes(data)
    return made


def test_the_python_client_is_answered_in_both_ways(served):
    for client in served.clients():
        assert client.ping() == "PONG" and client.version().startswith("Tutela ")
        assert "STATE: VALID" in client.stats() and client.stats().rstrip().endswith("END")
        status, name = client.instream(io.BytesIO(KNOWN))["stream"]
        assert status == "FOUND" and name.startswith("Tutela.Match.")
        assert client.instream(io.BytesIO(OTHER)) == {"stream": ("OK", None)}
        for act in (client.scan, client.contscan, client.multiscan):
            ((status, why),) = act("/srv/weather").values()
            assert status == "ERROR" and "INSTREAM" in why


def test_clamdscan_streams_files(served, folder):
    ran = served.clamdscan(str(folder / "lane.jpg"), str(folder / "rain.txt"))
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "lane.jpg: Tutela.Match." in ran.stdout and "Infected files: 1" in ran.stdout
    assert "rain.txt: OK" in ran.stdout
    clean = served.clamdscan(str(folder / "rain.txt"), str(folder / "none"))
    assert clean.returncode == 0, clean.stdout + clean.stderr


def test_clamdscan_uses_a_session_for_a_folder(served, folder):
    ran = served.clamdscan("--multiscan", str(folder))
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "lane.jpg: Tutela.Match." in ran.stdout and "Infected files: 1" in ran.stdout


def test_clamdscan_asks_version_and_ping(served):
    assert served.clamdscan("--version").stdout.startswith("Tutela ")
    assert "PONG" in served.clamdscan("--ping", "1").stdout


def test_both_at_once_each_hear_of_their_own_files(served, folder):
    lane, rain = str(folder / "lane.jpg"), str(folder / "rain.txt")

    def one(number: int) -> str:
        if number % 4 == 0:
            ran = served.clamdscan(rain, lane)
            return "ERROR" if "ERROR" in ran.stdout else f"{ran.returncode} {ran.stdout}"
        client = served.clients()[number // 2 % 2]
        return str(client.instream(io.BytesIO((KNOWN, OTHER)[number % 2]))["stream"][0])

    def answered(number: int) -> str:
        """Asked again while the service says that it is too busy."""
        until = time.monotonic() + PATIENCE
        while (answer := one(number)) == "ERROR" and time.monotonic() < until:
            time.sleep(0.2)
        return answer

    with ThreadPoolExecutor(8) as threads:
        for number, answer in enumerate(threads.map(answered, range(40))):
            if number % 4 == 0:
                assert answer.startswith("1 ") and "rain.txt: OK" in answer, number
            else:
                assert answer == ("FOUND", "OK")[number % 2], number


def test_the_door_is_measured_with_the_rest(served):
    served.clients()[0].instream(io.BytesIO(KNOWN))
    _, text = served.service.get("/metrics")
    assert 'tutela_clamd_answers_total{answer="found"}' in text
    assert 'tutela_screened_total{door="clamd"' in text


def test_the_door_is_opened_again_when_it_dies(served):
    (before,) = served.service.roles("clamd")
    os.kill(before, signal.SIGKILL)
    client = clamd.ClamdUnixSocket(served.socket, PATIENCE)  # a role that starts takes its time
    assert client.instream(io.BytesIO(KNOWN))["stream"][0] == "FOUND", "it waited for the next"
    until(lambda: served.service.roles("clamd") not in ([], [before]) and not alive(before))


def test_without_the_setting_there_is_no_door(tmp_path):
    with service(tmp_path) as made:
        made.start()
        assert made.roles("clamd") == [] and len(made.roles("web")) == 1
