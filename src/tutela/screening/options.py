"""How the service screens. Each limit has a name, a reason, and a setting."""

from __future__ import annotations

from dataclasses import dataclass, field


def _whole(default: int, reason: str) -> int:
    value: int = field(default=default, metadata={"reason": reason})
    return value


@dataclass(frozen=True, slots=True)
class Options:
    """Limits of screening, beside those of decoding."""

    spool_over: int = _whole(
        64 << 20,
        "Bytes of an upload held in memory to be sealed; of a larger one the bytes are sealed to"
        " the spool while they come. Nearly all pictures are smaller.",
    )
    max_signals: int = _whole(
        256, "Signals in one request: what a file of 256 frames has of one type."
    )
    max_facts: int = _whole(
        65_536, "Bytes of the facts that come with an item: they are kept with what matched."
    )
    test_days: int = _whole(
        1, "Days that the sealed file of a test is kept: long enough to look at what went wrong."
    )
    probing_values: int = _whole(
        20,
        "Different altered copies near one known value from one key or creator in an hour that"
        " sound an alarm: someone may be trying how far a picture must be changed.",
    )
    probing_watched: int = _whole(
        10_000, "Known values whose altered copies are counted at a time, in each process."
    )

    text_facts: tuple[str, ...] = field(
        default=("item.text", "item.title", "item.caption", "extra.caption"),
        metadata={
            "reason": "Facts of an item whose words are looked for in lists of keywords, as"
            " item.NAME, creator.NAME or extra.NAME. What they match, a person looks at."
        },
    )

    def __post_init__(self) -> None:
        for path in self.text_facts:
            if path.split(".")[0] not in ("item", "creator", "extra") or path.count(".") < 1:
                raise ValueError(
                    f"text_facts: {path!r} is not item.NAME, creator.NAME or extra.NAME"
                )
        for name, most in (
            ("spool_over", 1 << 34), ("max_signals", 100_000), ("max_facts", 1 << 24),
            ("test_days", 3650), ("probing_values", 1 << 20), ("probing_watched", 1 << 24),
        ):  # fmt: skip
            if not 1 <= getattr(self, name) <= most:
                raise ValueError(f"{name} must be between 1 and {most}")
