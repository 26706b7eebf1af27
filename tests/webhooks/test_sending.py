"""Webhooks, as a receiver meets them, and as one behaves that is broken: real sockets."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest
from sqlalchemy import text
from standardwebhooks.webhooks import Webhook

from tutela import alarms
from tutela.audit.models import Entry
from tutela.events import Bus
from tutela.events.service import BUS
from tutela.webhooks import Sealing, endpoints, sending, service
from tutela.webhooks.errors import SealingError, WebhookError
from tutela.webhooks.models import Delivery, Endpoint, State
from tutela.webhooks.options import Options


def verified(secret: str, request, monkeypatch, now) -> dict:
    """What the reference library reads, at the time that the test's clock says."""
    import standardwebhooks.webhooks as oracle

    class Clock(oracle.datetime):
        @classmethod
        def now(cls, tz=None):
            return now

    monkeypatch.setattr(oracle, "datetime", Clock)
    return Webhook(secret).verify(request.body, request.headers)


def open_alarms(desk) -> dict[str, int]:
    with desk.database.reading() as session:
        return alarms.counted(session)


def test_what_is_sent_is_signed_as_the_reference_library_wants_it(desk, monkeypatch):
    secret = desk.add()
    assert desk.enqueue(item_id="itm_1", verdict="block") == 1
    assert desk.run() == [State.DELIVERED]
    (request,) = desk.receiver.received
    assert request.method == "POST" and request.headers["content-type"] == "application/json"
    said = verified(secret, request, monkeypatch, desk.now)
    assert said["type"] == "item.decided" and said["data"]["item_id"] == "itm_1"
    (one,) = desk.all()
    assert one.message == request.headers["webhook-id"] and one.message.startswith("msg_")
    assert (one.last_status, one.tries, one.ended_at) == (200, 1, desk.now)
    assert desk.due() == []


def test_another_secret_or_a_changed_body_does_not_verify(desk, monkeypatch):
    from standardwebhooks.webhooks import WebhookVerificationError

    secret, other = desk.add(), desk.add("cars")
    desk.enqueue(item_id="itm_1")
    desk.run()
    for request in desk.receiver.received:
        body = request.body.replace(b"itm_1", b"itm_2")
        wrong = [(other if request is desk.receiver.received[0] else secret, request.body)]
        for key, given in [*wrong, (secret, body), (other, body)]:
            changed = type(request)(request.method, request.path, request.headers, given)
            with pytest.raises(WebhookVerificationError):
                verified(key, changed, monkeypatch, desk.now)


def test_only_who_wants_a_kind_gets_it_and_nobody_who_is_disabled(desk):
    desk.add("alarms", "", "alarm.sounded")
    desk.add("items", "", "item.decided", "webhook.test")
    desk.add("off")
    desk.add("everything")
    with desk.database.writing() as session:
        endpoints.disable(session, desk.now, "shell:ann", "off")
    assert desk.enqueue() == 2
    with desk.database.reading() as session:
        assert [name for _, name in service.deliveries(session)] == ["items", "everything"]


def test_what_is_undone_is_not_told(desk):
    desk.add()
    with pytest.raises(RuntimeError), desk.database.writing() as session:
        service.enqueue(session, desk.now, "item.decided", {})
        raise RuntimeError
    assert desk.all() == []


def test_the_old_secret_signs_beside_the_new_for_a_while(desk, monkeypatch):
    old = desk.add()
    with desk.database.writing() as session:
        new = endpoints.rotate(
            session, desk.now, "shell:ann", desk.sealing, "bikes", timedelta(hours=24)
        )
    desk.enqueue()
    desk.run()
    assert new != old
    for secret in (old, new):
        assert verified(secret, desk.receiver.received[0], monkeypatch, desk.now)
    desk.later(hours=24)
    desk.enqueue()
    desk.run()
    last = desk.receiver.received[1]
    assert verified(new, last, monkeypatch, desk.now)
    assert last.headers["webhook-signature"].count("v1,") == 1


def test_a_message_comes_again_ever_later_and_is_dead_in_the_end(desk):
    desk.add()
    desk.enqueue()
    desk.receiver.behaviour = "/status=500"
    waits = [5, 60, 300, 1800, 7200, 28800, 86400]
    for number, wait in enumerate(waits, 1):
        assert desk.run() == [State.WAITING]
        (one,) = desk.all()
        assert (one.tries, one.last_status, one.last_error) == (number, 500, "It answered 500.")
        assert timedelta(seconds=wait) <= one.due_at - desk.now <= timedelta(seconds=wait * 1.2)
        assert desk.due() == []
        assert open_alarms(desk) == ({"webhook.failing": 1} if number >= sending.FAILING else {})
        desk.now = one.due_at
    assert desk.run() == [State.DEAD]
    assert open_alarms(desk) == {"webhook.failing": 1, "webhook.dead": 1}
    desk.later(days=30)
    assert desk.due() == [] and len(desk.receiver.received) == len(waits) + 1
    ids = {request.headers["webhook-id"] for request in desk.receiver.received}
    assert len(ids) == 1, "the receiver can tell that it had it"


def test_the_dead_are_sent_again_and_the_alarms_are_over(desk):
    desk.add()
    desk.enqueue()
    desk.enqueue()
    desk.receiver.behaviour = "/status=503"
    for _ in range(8):
        desk.run()
        desk.later(days=2)
    assert [one.state for one in desk.all()] == [State.DEAD] * 2
    desk.receiver.behaviour = ""
    first, second = (one.message for one in desk.all())
    with desk.database.writing() as session:
        service.resend(session, desk.now, "shell:ann", first)
    assert desk.run() == [State.DELIVERED]
    assert open_alarms(desk) == {"webhook.dead": 1}, "one is dead still"
    with desk.database.writing() as session:
        assert service.resend_dead(session, desk.now, "shell:ann", "bikes") == 1
        assert service.resend_dead(session, desk.now, "shell:ann", "bikes") == 0
    assert desk.run() == [State.DELIVERED]
    assert open_alarms(desk) == {}
    with desk.database.writing() as session:
        service.resend(session, desk.now, "shell:ann", second)  # delivered, and wanted again
        with pytest.raises(WebhookError, match="no message"):
            service.resend(session, desk.now, "shell:ann", "msg_x")
    assert desk.run() == [State.DELIVERED]
    with desk.database.reading() as session:
        acts = [e.action for e in session.query(Entry).order_by(Entry.number)]
    assert acts == ["webhook.add", "webhook.resend", "webhook.resend", "webhook.resend"]


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        ("/hang", "longer than|does not answer"),
        ("/slow-headers", "longer than 1 seconds"),
        ("/redirect=http://10.0.0.1/", "answered 302"),
        ("/status=404", "answered 404"),
        ("/close", "broke off"),
        ("/nonsense", "does not speak HTTP"),
        ("/long-header", "does not speak HTTP"),
        ("/continue", "longer than 1 seconds"),
    ],
)
def test_a_receiver_that_is_broken_is_asked_again_later(desk, behaviour, error):
    desk.add()
    desk.enqueue()
    desk.receiver.behaviour = behaviour
    assert desk.run() == [State.WAITING]
    (one,) = desk.all()
    import re

    assert re.search(error, one.last_error), one.last_error
    assert desk.receiver.connections == 1, "nobody was followed"


@pytest.mark.parametrize(
    "behaviour", ["/endless", "/endless-unannounced", "/endless-chunks", "/gzip-bomb", "/trickle"]
)
def test_what_a_receiver_says_beyond_its_status_is_not_read(desk, behaviour):
    desk.add()
    desk.enqueue()
    desk.receiver.behaviour = behaviour
    assert desk.run() == [State.DELIVERED]
    assert desk.receiver.sent < 50_000_000


def test_a_receiver_that_wants_no_more_is_disabled(desk):
    desk.add()
    for _ in range(3):
        desk.enqueue()
    desk.receiver.behaviour = "/status=410"
    first, *_ = desk.due()
    assert desk.deliver(first) is State.DEAD
    assert [one.state for one in desk.all()] == [State.DEAD] * 3
    assert open_alarms(desk) == {"webhook.gone": 1}
    assert desk.enqueue() == 0 and desk.due() == []
    with desk.database.writing() as session:
        with pytest.raises(WebhookError, match="tutela webhook enable bikes"):
            service.resend_dead(session, desk.now, "shell:ann", "bikes")
        endpoints.enable(session, desk.now, "shell:ann", "bikes")
        assert service.resend_dead(session, desk.now, "shell:ann", "bikes") == 3
    desk.receiver.behaviour = ""
    assert desk.run() == [State.DELIVERED] * 3
    assert open_alarms(desk) == {}


def test_a_message_queued_while_its_endpoint_was_disabled_is_not_sent(desk):
    desk.add()
    desk.enqueue()
    (number,) = desk.due()
    with desk.database.writing() as session:
        session.execute(text("UPDATE webhooks_endpoint SET disabled_at = created_at"))
    assert desk.deliver(number) is None
    assert desk.all()[0].state is State.DEAD and desk.receiver.connections == 0


def test_an_endpoint_that_became_private_gets_nothing(desk):
    """Whoever can change its name in DNS does not lead us home."""
    with desk.database.writing() as session:
        endpoints.add(
            session, desk.now, "shell:ann", desk.sealing, "bikes",
            f"https://127.0.0.1:{desk.receiver.port}/", ["*"],
        )  # fmt: skip
    desk.enqueue()
    assert desk.run() == [State.WAITING]
    assert "not of the internet" in desk.all()[0].last_error
    assert desk.receiver.connections == 0


def test_two_who_send_the_same_send_it_once(desk):
    desk.add()
    desk.enqueue()
    (number,) = desk.due()
    desk.receiver.behaviour = "/hang"
    outcomes: list[State | None] = []
    ready = threading.Barrier(4)

    def send() -> None:
        ready.wait()
        outcomes.append(desk.deliver(number))

    many = [threading.Thread(target=send) for _ in range(4)]
    for thread in many:
        thread.start()
    for thread in many:
        thread.join()
    assert desk.receiver.connections == 1
    assert outcomes.count(None) == 3 and desk.all()[0].tries == 1


def test_who_dies_while_sending_leaves_it_to_be_sent_again(desk, monkeypatch):
    desk.add()
    desk.enqueue()
    (number,) = desk.due()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(sending, "_sent", killed)
        with pytest.raises(KeyboardInterrupt):
            desk.deliver(number)
    assert desk.due() == [] and desk.deliver(number) is None, "it may still be under way"
    desk.later(seconds=desk.options.lease.total_seconds())
    assert desk.run() == [State.DELIVERED]
    assert desk.all()[0].tries == 2


def test_the_outcome_of_who_was_given_up_does_not_count(desk, monkeypatch):
    """It hung for longer than its lease; another delivered the message; then its failure comes."""
    desk.add()
    desk.enqueue()
    (number,) = desk.due()

    def late(*_: object) -> tuple[None, str]:
        monkeypatch.undo()
        desk.later(hours=1)
        assert desk.run() == [State.DELIVERED]
        return None, "It hung."

    monkeypatch.setattr(sending, "_sent", late)
    assert desk.deliver(number) is None
    assert desk.all()[0].state is State.DELIVERED and desk.all()[0].last_error == ""


def test_an_endpoint_that_hangs_does_not_keep_the_others(desk):
    desk.add("slow")
    for _ in range(20):
        desk.enqueue()
    desk.add("quick")
    desk.enqueue()
    names = {one.id: one.endpoint_id for one in desk.all()}
    found = [names[number] for number in desk.due()]
    assert found == [1] * desk.options.at_once + [2]
    with desk.database.writing() as session:  # two are under way
        for number in desk.due()[:2]:
            one = session.get_one(Delivery, number)
            one.sending_until = one.due_at = desk.now + timedelta(seconds=30)
    assert [names[number] for number in desk.due()] == [1, 1, 2]
    assert len(desk.due(limit=2)) == 2


def test_alarms_are_told_but_not_what_may_not_be_said(desk):
    desk.add()
    bus = Bus()
    bus.on(alarms.AlarmSounded, service.tell_alarm)
    desk.database.info[BUS] = bus
    with desk.database.writing() as session:
        alarms.sound(session, desk.now, "bank.surge", "rain", "It rains.")
        alarms.sound(session, desk.now, "report.failed", "police", "No authority was told.")
    assert desk.run() == [State.DELIVERED] * 2
    rain, other = (json.loads(r.body)["data"] for r in desk.receiver.received)
    assert rain == {"number": 1, "kind": "bank.surge", "subject": "rain", "text": "It rains."}
    assert other == {"number": 2, "kind": None, "subject": None, "text": None}


def test_a_lost_key_is_an_alarm_and_a_new_secret_ends_it(desk, tmp_path):
    desk.add()
    desk.enqueue()
    desk.sealing = Sealing.make(tmp_path / "other.key")
    for _ in range(sending.FAILING):
        assert desk.run() == [State.WAITING]
        desk.later(hours=9)
    assert "cannot be opened" in desk.all()[0].last_error and open_alarms(desk)
    assert desk.receiver.connections == 0, "nothing is sent unsigned"
    with desk.database.writing() as session:
        endpoints.rotate(session, desk.now, "shell:ann", desk.sealing, "bikes", timedelta(days=1))
    assert desk.run() == [State.DELIVERED] and open_alarms(desk) == {}


def test_a_secret_opens_for_its_own_endpoint_only(desk, tmp_path):
    desk.add()
    desk.add("cars", desk.receiver.url("/cars"))
    with desk.database.reading() as session:
        bikes, cars = endpoints.listed(session)
        secret = desk.sealing.opened(bikes.secret, bikes)
        assert secret not in bikes.secret and len(secret) == 32
        stolen = Endpoint(id=1, name="bikes", url="https://evil.example/", private=True)
        for sealed, endpoint in (
            (bikes.secret, cars), (bikes.secret, stolen), (b"", bikes), (b"x" * 60, bikes),
            (bikes.secret[:-1] + bytes([bikes.secret[-1] ^ 1]), bikes),
        ):  # fmt: skip
            with pytest.raises(SealingError, match="cannot be opened"):
                desk.sealing.opened(sealed, endpoint)


def test_a_key_file_is_its_owners_alone(tmp_path):
    path = tmp_path / "keys" / "webhooks.key"
    Sealing.make(path)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(SealingError, match="could not be written"):
        Sealing.make(path)
    path.chmod(0o640)
    with pytest.raises(SealingError, match="chmod 600"):
        Sealing.load(path)
    path.chmod(0o600)
    for wrong in ("", "rain", "cmFpbg=="):
        path.write_text(wrong)
        with pytest.raises(SealingError, match="holds no key"):
            Sealing.load(path)
    path.unlink()
    with pytest.raises(SealingError, match="cannot be read"):
        Sealing.load(path)


@pytest.mark.parametrize(
    ("name", "url", "kinds", "why"),
    [
        ("Bikes", "https://a.example/", ["*"], "cannot be the name"),
        ("bikes", "https://a.example/", [], "wants no kind"),
        ("bikes", "https://a.example/", ["rain"], "not a kind of message"),
        ("bikes", "http://a.example/", ["*"], "by https only"),
        ("bikes", "https://ann:pw@a.example/", ["*"], "not a URL"),
        ("bikes", "ftp://a.example/", ["*"], "not a URL"),
    ],
)
def test_an_endpoint_that_cannot_be_is_refused(desk, name, url, kinds, why):
    with desk.database.writing() as session, pytest.raises(WebhookError, match=why):
        endpoints.add(session, desk.now, "shell:ann", desk.sealing, name, url, kinds)


def test_what_is_old_is_deleted_and_what_waits_is_not(desk):
    desk.add()
    desk.enqueue()
    desk.run()
    desk.enqueue()
    desk.receiver.behaviour = "/status=410"
    desk.run()
    with desk.database.writing() as session:
        endpoints.enable(session, desk.now, "shell:ann", "bikes")
    desk.enqueue()

    def purged(days: int) -> tuple[int, list[State]]:
        desk.later(days=days)
        with desk.database.writing() as session:
            gone = service.purge(session, desk.now, Options())
        return gone, [one.state for one in desk.all()]

    assert purged(30) == (0, [State.DELIVERED, State.DEAD, State.WAITING])
    assert purged(1) == (1, [State.DEAD, State.WAITING])
    assert purged(60) == (1, [State.WAITING])


@pytest.mark.parametrize(
    "wrong",
    [{"waits": ()}, {"waits": ("5",)}, {"waits": ("0s",)}, {"waits": ("1w",)}, {"seconds": 0},
     {"at_once": 0}, {"keep_days": 0}, {"waits": ("1s",) * 31}],
)  # fmt: skip
def test_settings_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Options(**wrong)
