"""The whole API, as someone meets it who reads the description and sends all that it allows, and
all that it does not. Schemathesis makes the requests and compares each answer with it."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from api.service import Desk, until
from tutela import alarms
from tutela.webhooks import service as webhooks

FEW, MANY = 4, 100
"""Requests of a kind for each operation, beside those for each limit that the description names."""

NOT_IN_A_SCHEMA = {
    "/api/v1/reports": "that what has no id has a text or a URL",
    "/api/v1/banks/{name}/import": "whether a list has the columns that are named",
    "/api/v1/banks/{name}/signals": "that what was first seen was not last seen before",
    "/api/v1/webhooks": "that a URL names a host",
    "/api/v1/screen": "that an Idempotency-Key does not come with another request",
}
"""What is refused with 422 although each part of it can be."""

SETTINGS = """
hooks = {hooks}
[headers]
Authorization = "Bearer {key}"
[dictionaries]
name = {{ values = ["bikes", "hooks", "tutela-test"] }}
case_id = {{ values = [{case}] }}
item_id = {{ values = [{item}] }}
message = {{ values = [{message}] }}
[parameters]
"path.name" = {{ dictionary = "name", probability = 0.5 }}
"path.case_id" = {{ dictionary = "case_id", probability = 0.5 }}
"path.item_id" = {{ dictionary = "item_id", probability = 0.5 }}
"path.message" = {{ dictionary = "message", probability = 0.5 }}
[[operations]]
include-path = "/healthz/ready"  # neither a worker nor a vault runs here
checks.not_a_server_error.expected-statuses = ["2xx", "4xx", "503"]
"""
LENIENT = """
[[operations]]
include-path = {path}  # {why}
checks.positive_data_acceptance.expected-statuses = [
    "2xx", "401", "403", "404", "409", "422", "429", "5xx",
]
"""


def filled(desk: Desk) -> dict[str, str]:
    """Something of each kind that can be asked for."""
    value = hashlib.sha256(b"rain").hexdigest()
    given = {"signals": [{"type": "sha256", "value": value}]}
    desk.bank("bikes")
    desk.ok("ann", "POST", "/banks/bikes/signals", given)
    wanted = {"type": "sha256", "value": value}
    until(lambda: desk.ok("ann", "POST", "/signals/find", wanted)["matches"])
    facts = {"item": {"channel": "public"}, "creator": {"id": "rider"}}
    answer = desk.ok("all", "POST", "/screen", given | {"facts": facts})
    desk.ok("all", "POST", "/webhooks", {"name": "hooks", "url": "https://hooks.example/"})
    with desk.database.writing() as session:
        now = desk.database.now()
        alarms.sound(session, now, "bicycle.wet", "rain", "It rains.")
        webhooks.enqueue(session, now, "item.decided", {"number": 7})
    (delivery, *_) = desk.ok("all", "GET", "/deliveries")["items"]
    return {
        "case": json.dumps(answer["case_id"]), "item": json.dumps(answer["item_id"]),
        "message": json.dumps(delivery["message"]),
    }  # fmt: skip


def compared(desk: Desk, folder: Path, examples: int) -> None:
    """Run Schemathesis with all its checks; what it finds is in the failure."""
    hooks = json.dumps(str(Path(__file__).with_name("schema_formats.py")))
    chosen = SETTINGS.format(hooks=hooks, key=desk.keys["all"], **filled(desk))
    for path, why in NOT_IN_A_SCHEMA.items():
        chosen += LENIENT.format(path=json.dumps(path), why=why)
    (folder / "schemathesis.toml").write_text(chosen)
    ran = subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml", "run",
            f"http://127.0.0.1:{desk.port}/api/v1/openapi.json", "--mode", "all",
            "--max-examples", str(examples), "--seed", "7", "--continue-on-failure",
        ],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_answer_is_as_described(desk: Desk, tmp_path: Path):
    compared(desk, tmp_path, FEW)


@pytest.mark.soak
def test_every_answer_is_as_described_for_long(desk: Desk, tmp_path: Path):
    compared(desk, tmp_path, MANY)
