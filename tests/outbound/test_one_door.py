"""Nothing leaves but through the outbound client: in the code, and while it runs."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "tutela"

SPEAKS = {"outbound", "client"}
"""The service; and the client of it, which runs in other people's programs."""
LISTENS = {"interfaces", "evidence"}
"""The server, and the vault on its Unix socket."""

NETWORK = {
    "socket", "ssl", "http", "urllib3", "requests", "httpx", "httpx2", "aiohttp", "asyncio",
    "socketserver", "ftplib", "smtplib", "xmlrpc", "urllib.request",
}  # fmt: skip

HOOK = """
import json, sys
opened = []
def hook(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo",
                 "socket.gethostbyname", "urllib.Request"):
        opened.append([event, repr(arguments[-1])])
sys.addaudithook(hook)
"""
"""Every socket that this process opens (PEP 578); the kernel keeps decoders from having any."""


def imported(path: Path) -> set[str]:
    """The modules that a file imports, at any depth."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def speakers() -> dict[str, set[str]]:
    """Rooms that import what opens sockets, and what."""
    found: dict[str, set[str]] = {}
    for path in SOURCE.rglob("*.py"):
        room = path.relative_to(SOURCE).parts[0].removesuffix(".py")
        used = {n for name in imported(path) for n in (name, name.split(".")[0]) if n in NETWORK}
        if used:
            found.setdefault(room, set()).update(used)
    return found


def test_only_one_room_speaks_to_the_network():
    found = speakers()
    assert "socket" in found["outbound"] and "urllib3" in found["outbound"]
    assert set(found) <= SPEAKS | LISTENS | {"testing"}
    for room in LISTENS & set(found):
        assert not found[room] & {"urllib3", "requests", "httpx", "aiohttp", "urllib.request"}


def test_the_contract_holds_every_room():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (door,) = (c for c in contracts["contracts"] if c["name"].startswith("One door"))
    rooms = {
        path.stem for path in SOURCE.iterdir()
        if not path.name.startswith("_") and (path.suffix == ".py" or path.is_dir())
    }  # fmt: skip
    held = {name.removeprefix("tutela.") for name in door["source_modules"]}
    assert rooms - held == SPEAKS | LISTENS | {"testing"}
    assert NETWORK - {"urllib.request"} == set(door["forbidden_modules"])


def ran(code: str, tmp_path: Path) -> list[list[str]]:
    """What a process opened that ran the code."""
    home = str(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", f"{HOOK}\n{code}\nprint('OPENED', json.dumps(opened))"],
        capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path,
        env={k: v for k, v in os.environ.items() if not k.startswith("TUTELA_")} | {
            "HOME": home, "XDG_DATA_HOME": home, "XDG_CONFIG_HOME": f"{home}/keys",
            "TUTELA_DECODING__PROCESSES": "1",
        },
    )  # fmt: skip
    line = next((x for x in done.stdout.splitlines() if x.startswith("OPENED ")), None)
    assert line is not None, done.stderr
    return json.loads(line.removeprefix("OPENED "))


def test_screening_opens_no_socket(tmp_path, photos):
    code = f"""
from tutela.interfaces.cli.app import app
rain = ["bank", "create", "rain", "--purpose", "test"]
photo = {str(photos[0])!r}
for words in (["init"], rain, ["bank", "add", "rain", photo], ["screen", photo, "--json"]):
    try:
        app(words)
    except SystemExit as left:
        assert left.code in (0, None), left.code
"""
    assert ran(code, tmp_path) == []


def test_the_hook_sees_what_the_client_opens(tmp_path):
    code = """
from tutela.outbound import Hosts, Outbound, OutboundError
try:
    Outbound().fetch("http://127.0.0.1:9/", hosts=Hosts.of(["private:127.0.0.1:9"]))
except OutboundError:
    pass
"""
    assert ["socket.connect", "('127.0.0.1', 9)"] in ran(code, tmp_path)
