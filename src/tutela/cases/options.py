"""Settings of cases: how long someone has one, and how many reports strangers may hand in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

IN_SESSION = "cases"
"""Where a session holds these settings (`Database.info`): no caller can forget them."""


def _whole(default: int, reason: str) -> int:
    value: int = field(default=default, metadata={"reason": reason})
    return value


@dataclass(frozen=True, slots=True)
class Options:
    """How people work on cases, and how others hand in reports."""

    lock_minutes: int = _whole(
        10,
        "Minutes for which a case is locked for who took it. Each thing that they do on it renews"
        " the lock; who went home does not keep it.",
    )
    skip_hours: int = _whole(
        12, "Hours for which a case that someone skipped is not given to them again: a shift."
    )
    due_hours: int = _whole(
        0,
        "Hours after which a case is due for which no law pack in use names a duty; 0 for never.",
    )
    notices: bool = field(
        default=False,
        metadata={
            "reason": "Whether the public page /notice takes notices from anyone: first confirm the"
            " helplines that it shows. Without it, only keys with `intake` hand reports in."
        },
    )
    notices_each: int = _whole(
        5,
        "Notices an hour from one address (of IPv6, from one /64): who has more to say is asked to"
        " write, or gets a key.",
    )
    notices_all: int = _whole(
        200,
        "Notices an hour from everyone: a flood from many addresses must not bury what else waits.",
    )
    notice_country: str = field(
        default="",
        metadata={
            "reason": "The country, as GB, whose emergency number and helplines /notice shows"
            " first; empty for those of every country."
        },
    )

    notice_exit: str = field(
        default="https://www.wikipedia.org/",
        metadata={
            "reason": "Where the button *Leave this page* of /notice leads: an everyday page that"
            " raises no question."
        },
    )
    notice_proxies: tuple[str, ...] = field(
        default=(),
        metadata={
            "reason": "Addresses of your proxies: of what comes from them, the last address in"
            " X-Forwarded-For counts as the sender's. Without it, all that comes from this machine"
            " is limited together only."
        },
    )

    def __post_init__(self) -> None:
        for name, least, most in (
            ("lock_minutes", 1, 24 * 60), ("skip_hours", 1, 24 * 7), ("due_hours", 0, 24 * 365),
            ("notices_each", 1, 1 << 20), ("notices_all", 1, 1 << 20),
        ):  # fmt: skip
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name} must be between {least} and {most}")
        if self.notice_country and not (
            len(self.notice_country) == 2 and self.notice_country.isupper()
        ):
            raise ValueError("notice_country must be two letters, as GB")
        if not self.notice_exit.startswith("https://"):
            raise ValueError("notice_exit must be an https:// URL")

    @property
    def lock(self) -> timedelta:
        return timedelta(minutes=self.lock_minutes)

    @property
    def skip(self) -> timedelta:
        return timedelta(hours=self.skip_hours)
