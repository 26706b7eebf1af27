"""What a decoder process may use. Each limit has a name, a reason, and a setting."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

MIB = 1024 * 1024

MOST = 2**47
"""The address space of a process: what is larger is no limit, and overflows somewhere."""


def _limit(default: int, reason: str) -> int:
    value: int = field(default=default, metadata={"reason": reason})
    return value


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on one file in one decoder process. Every limit is at least 1, and below 2**47."""

    max_bytes: int = _limit(
        256 * MIB,
        "Bytes of a file given to a decoder; they are held in memory. The largest camera pictures"
        " (200 megapixels, lossless) stay below. Exact hashes have no such limit.",
    )
    max_pixels: int = _limit(
        256 * 1024 * 1024,
        "Pixels of one frame, read from the header before anything is decoded. The largest phone"
        " cameras make 200 million; a header may claim any number.",
    )
    max_side: int = _limit(
        1_000_000,
        "Pixels of one side of a frame; browsers show no PNG that is longer.",
    )
    max_frames: int = _limit(
        256,
        "Frames, pages or icons hashed in one file, spread evenly over it: each costs a lookup for"
        " every variant. A file that has more is not seen whole.",
    )
    max_frames_seconds: int = _limit(
        10,
        "Processor seconds after which no further frame is begun: an animation bomb keeps the"
        " signals of the frames it reached.",
    )
    max_memory: int = _limit(
        2048 * MIB,
        "Bytes of memory a decoder may add to what it starts with. A 200 megapixel PNG needs 1.6"
        " GB; a bomb wants more than there is.",
    )
    max_cpu_seconds: int = _limit(
        30,
        "Processor seconds for one file. A 200 megapixel PNG takes about 9; what takes longer is"
        " made to.",
    )
    max_wall_seconds: int = _limit(
        60,
        "Seconds from handing a file over to its answer, waiting included, so that a decoder that"
        " sleeps is found as well.",
    )
    max_files: int = _limit(
        10_000,
        "Files after which a decoder process is replaced, so that a leak in a codec never grows. To"
        " start one takes as long as some 200 pictures.",
    )

    def __post_init__(self) -> None:
        for limit in fields(self):
            if not 1 <= getattr(self, limit.name) < MOST:
                raise ValueError(f"{limit.name} must be at least 1 and below 2**47.")
