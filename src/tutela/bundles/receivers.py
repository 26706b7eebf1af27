"""Who can be given bundles: their public keys and until when these are good, in a file of the data
directory."""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from tutela.bundles.errors import ReceiverRefused
from tutela.errors import TutelaError
from tutela.evidence import recipients
from tutela.evidence.errors import why
from tutela.evidence.store import sync_folder
from tutela.policy.countries import COUNTRIES

FILE = "receivers.json"
NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?", re.ASCII)
LARGEST = 4 << 20


@dataclass(frozen=True, slots=True)
class Receiver:
    """`expires`: the last day on which anything is sealed for the key. `authority`: what law packs
    call them; empty if no pack does."""

    name: str
    recipient: str
    expires: str
    country: str
    authority: str = ""
    note: str = ""

    def is_expired(self, today: date) -> bool:
        return date.fromisoformat(self.expires) < today


def listed(data: Path) -> list[Receiver]:
    """All receivers, by their names. Raises `ReceiverRefused` for a file that cannot be read."""
    path = data / FILE
    try:
        with path.open("rb") as file:
            found = [Receiver(**one) for one in json.loads(file.read(LARGEST))["receivers"]]
        return sorted((_checked(one) for one in found), key=lambda one: one.name)
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, RecursionError, TutelaError):
        raise ReceiverRefused(
            f"{path} cannot be read.", "Restore it from its backup, or mend it by hand."
        ) from None


def named(data: Path, name: str, today: date) -> Receiver:
    """A receiver whose key is good today. Raises `ReceiverRefused`."""
    found = next((one for one in listed(data) if one.name == name), None)
    if found is None:
        raise ReceiverRefused(
            f"There is no receiver {name[:64]!r}.", "Run: tutela receiver list, or … add"
        )
    require_good(found, today)
    return found


def require_good(receiver: Receiver, today: date) -> None:
    """Raises `ReceiverRefused` if the key expired."""
    if receiver.is_expired(today):
        raise ReceiverRefused(
            f"The key of {receiver.name} was good until {receiver.expires}.",
            "Ask them for a new one by a way you trust; then remove the receiver and add it again.",
        )


def checked(new: Receiver, today: date) -> Receiver:
    """The receiver as it is kept, if it can be added on a day. Raises `ReceiverRefused`,
    `EvidenceError` for a key that is none."""
    found = _checked(new)
    if found.is_expired(today):
        raise ReceiverRefused(f"{found.expires} is past.", "Ask them for a key that is good.")
    return found


def add(data: Path, new: Receiver) -> None:
    """Add a receiver that was checked. Raises `ReceiverRefused` if there is one of the name."""
    before = listed(data)
    if any(one.name == new.name for one in before):
        raise ReceiverRefused(
            f"There is a receiver {new.name} already.", f"Run: tutela receiver remove {new.name}"
        )
    _write(data, [*before, new])


def remove(data: Path, name: str) -> Receiver:
    """Take a receiver off. Raises `ReceiverRefused`."""
    before = listed(data)
    found = next((one for one in before if one.name == name), None)
    if found is None:
        raise ReceiverRefused(f"There is no receiver {name[:64]!r}.", "Run: tutela receiver list")
    _write(data, [one for one in before if one.name != name])
    return found


def _checked(one: Receiver) -> Receiver:
    if not NAME.fullmatch(one.name) or (one.authority and not NAME.fullmatch(one.authority)):
        raise ReceiverRefused(
            "A name is of small letters, digits and dashes.", "Such as police-of-the-north."
        )
    if one.country not in COUNTRIES:
        raise ReceiverRefused(
            f"{one.country[:8]!r} is no country.", "Give two letters of ISO 3166, such as GB."
        )
    try:
        expires = date.fromisoformat(one.expires).isoformat()
    except ValueError:
        raise ReceiverRefused(
            f"{one.expires[:20]!r} is no day.", "Write it as 2027-12-31."
        ) from None
    return Receiver(
        one.name, recipients.checked(one.recipient, one.note), expires, one.country, one.authority,
        one.note,
    )  # fmt: skip


def _write(data: Path, found: list[Receiver]) -> None:
    path, temporary = data / FILE, data / f".{FILE}.{os.getpid()}"
    text = json.dumps({"receivers": [asdict(one) for one in found]}, indent=1, ensure_ascii=False)
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(data)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise ReceiverRefused(f"{path} cannot be written: {why(error)}.") from None
