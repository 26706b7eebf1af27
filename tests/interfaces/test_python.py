"""`tutela.screen`: the service inside another program."""

from __future__ import annotations

import json
import subprocess
import sys

from installation import Installation

PROGRAM = """
import json, sys
import tutela
from tutela.banks import made_picture
from tutela.errors import TutelaError

facts = {"item": {"id": "bicycle-7", "channel": "public"}}
found = [
    tutela.screen(made_picture.picture(), facts, idempotency_key="one"),
    tutela.screen(made_picture.picture(), facts, idempotency_key="one"),
    tutela.screen(b"It rains on Tuesday.", facts),
]
print(json.dumps([[a.item_id, str(a.verdict), a.evidence, a.test, a.repeated] for a in found]))
for data, facts in ((b"", {}), (b"x", {"item": {"channel": "private-message"}})):
    try:
        tutela.screen(data, facts)
    except TutelaError as error:
        print(json.dumps(str(error)))
"""


def test_a_program_screens_without_a_service(tmp_path):
    own = Installation(tmp_path)
    own.ok("init", "--preset", "small-forum", "--country", "GB")
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        check=False,
        env=own.environment(),
        capture_output=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr.decode()
    answers, empty, refused = map(json.loads, ran.stdout.splitlines())
    (first, *seen), (again, *seen_again), (_, *unknown) = answers
    assert seen == ["block", "sealed", True, False]
    assert again == first and seen_again == ["block", "sealed", True, True]
    assert unknown == ["allow", "none", False, False]
    assert "no bytes" in empty and "private-message" in refused
