"""Makes a partner's calls: politely, again where that helps, to hosts that it names only."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from tutela.exchanges.errors import ExchangeError, Unreadable
from tutela.exchanges.partners import Call, Reply
from tutela.outbound import Hosts, Outbound, OutboundError, Reason
from tutela.outbound.errors import REFUSED as NOT_SENT

TRIES = 4
"""Of one call in one run; then the run ends, and another is due later."""

FIRST, LONGEST = 1.0, 30.0
"""Seconds between two tries of one run: each twice the one before. Who asks for more patience is
left alone until the next run."""

REFUSED = frozenset({401, 403})
AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
MOST_FILES = 10_000
"""In a folder that a partner's lists are taken from."""


class Later(ExchangeError):
    """A partner does not answer now; `seconds` is how long it asked to be left alone, 0: it did
    not say."""

    def __init__(self, why: str, seconds: float = 0) -> None:
        super().__init__(why, "It is tried again by itself.")
        self.seconds = seconds


class SecretsRefused(ExchangeError):
    """A partner does not take our secrets."""


class Asker:
    """Asks one partner in one run, one call at a time. `before` is called before each."""

    def __init__(
        self,
        outbound: Outbound,
        hosts: Sequence[str],
        folders: Sequence[Path],
        *,
        rate: int,
        seconds: int,
        before: Callable[[], object],
        now: Callable[[], datetime],
        sleep: Callable[[float], object] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        try:
            self._hosts = Hosts.of(hosts)
        except ValueError as error:
            raise ExchangeError(f"The partner's hosts cannot be used: {error}.") from None
        self._outbound = outbound
        self._folders = [folder.resolve() for folder in folders]
        self._apart = 1 / rate if rate else 0.0
        self._seconds = seconds
        self._before, self._now, self._sleep, self._monotonic = before, now, sleep, monotonic
        self._next = monotonic()

    def ask(self, call: Call) -> Reply:
        """The reply to a call. Raises `Later`, `SecretsRefused`, `Unreadable`, or `OutboundError`
        where the settings do not let it go there."""
        if call.method in ("READ", "LIST"):
            self._before()
            return self._from_disk(call)
        wait = FIRST
        for last in (False,) * (TRIES - 1) + (True,):
            self._before()
            self._keep_pace()
            try:
                reply = self._sent(call)
            except OutboundError as error:
                if error.reason in NOT_SENT:
                    raise
                if error.reason is Reason.TOO_LARGE:
                    raise Unreadable(error.what, error.hint) from None
                why, asked = error.what, 0.0
            else:
                if reply.status in REFUSED:
                    raise SecretsRefused(
                        f"The partner refuses our secrets (status {reply.status})."
                    )
                if reply.status not in AGAIN or reply.status in call.also:
                    return _taken(call, reply)
                why = f"The partner answers with status {reply.status}."
                asked = retry_after(reply.headers.get("retry-after", ""), self._now())
            if last or asked > LONGEST:
                raise Later(why, asked)
            self._sleep(max(wait, asked))
            wait = min(wait * 2, LONGEST)
        raise AssertionError("the last try either answered or raised")

    def _keep_pace(self) -> None:
        now = self._monotonic()
        if self._next > now:
            self._sleep(self._next - now)
        self._next = max(now, self._next) + self._apart

    def _sent(self, call: Call) -> Reply:
        if call.method == "GET":
            got = self._outbound.fetch(
                call.url, headers=call.headers, hosts=self._hosts, largest=call.largest,
                seconds=self._seconds, redirects=0,
            )  # fmt: skip
        elif call.method in ("POST", "PUT", "DELETE"):
            got = self._outbound.post(
                call.url, call.body, call.headers, hosts=self._hosts, largest=call.largest,
                seconds=self._seconds, method=call.method,
            )  # fmt: skip
        else:
            raise Unreadable(f"The partner's module asks for the method {call.method[:10]!r}.")
        return Reply(got.status, got.headers, got.body)

    def _from_disk(self, call: Call) -> Reply:
        try:
            path = Path(call.url).resolve()
            if not any(path.is_relative_to(folder) for folder in self._folders):
                raise Unreadable("The partner's module asks for a file that no setting names.")
            if call.method == "LIST":
                return Reply(200, {}, json.dumps(_files(path)).encode())
            with path.open("rb") as file:
                file.seek(call.offset)
                body = file.read(call.largest)
                state = path.stat()
        except OSError as error:
            if isinstance(error, FileNotFoundError) and 404 in call.also:
                return Reply(404, {}, b"")
            raise Later(f"{call.url} cannot be read: {error.strerror}.") from None
        except ValueError:
            raise Unreadable("The partner's module asks for a file without a name.") from None
        headers = {"size": str(state.st_size), "modified": str(state.st_mtime_ns)}
        return Reply(200, headers, body)


def retry_after(text: str, now: datetime) -> float:
    """Seconds that a reply asks to wait (RFC 9110, 10.2.3); 0: it does not say."""
    if text.strip().isascii() and text.strip().isdigit():
        return float(text.strip()[:9])
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return 0.0
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    return max(0.0, (at - now).total_seconds())


def _taken(call: Call, reply: Reply) -> Reply:
    """Raises `Unreadable` if it is none that the partner's module reads."""
    if 200 <= reply.status < 300 or reply.status in call.also:
        return reply
    raise Unreadable(
        f"The partner answers with status {reply.status}.", "See whether its address is right."
    )


def _files(folder: Path) -> list[tuple[str, int, int]]:
    found = []
    for path in sorted(folder.iterdir()):
        if path.is_file():
            state = path.stat()
            found.append((path.name, state.st_size, state.st_mtime_ns))
        if len(found) > MOST_FILES:
            raise Unreadable(f"There are more than {MOST_FILES} files in {folder}.")
    return found
