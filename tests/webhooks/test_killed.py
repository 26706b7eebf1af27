"""`kill -9` while a message is under way: it is sent again, under the same id, and none is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tutela.storage.models import utc_now
from tutela.webhooks.models import State

SENDER = """
import sys
from tutela.outbound import Options as Limits, Outbound
from tutela.storage import Database
from tutela.webhooks import Sealing, sending
from tutela.webhooks.options import Options
from pathlib import Path
url, key, number = sys.argv[1:]
with Database(url) as database:
    sending.deliver(database, Outbound(Limits()), Sealing.load(Path(key)), int(number), Options())
"""


def test_a_message_whose_sender_is_killed_comes_again(desk, database_url, tmp_path: Path):
    desk.now = utc_now()  # as the sender has it
    desk.add()
    desk.enqueue(item_id="itm_1")
    (number,) = desk.due()
    desk.receiver.behaviour = "/hang"
    sender = subprocess.Popen(
        [sys.executable, "-c", SENDER, database_url, str(tmp_path / "webhooks.key"), str(number)],
        env={k: v for k, v in os.environ.items() if not k.startswith("TUTELA_")},
    )
    while not desk.receiver.received:
        assert sender.poll() is None
        time.sleep(0.01)
    sender.send_signal(signal.SIGKILL)
    sender.wait()
    (one,) = desk.all()
    assert (one.state, one.tries) == (State.WAITING, 1)
    assert desk.run() == [], "the sender may be alive still"
    desk.now = one.sending_until
    desk.receiver.behaviour = ""
    assert desk.run() == [State.DELIVERED]
    first, second = desk.receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
