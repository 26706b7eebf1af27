"""What a person must look at: in one place, until it is closed."""

from tutela.alarms.service import (
    AlarmSounded,
    clear,
    close,
    closed_since,
    counted,
    latest,
    listed,
    numbered,
    sound,
    sounding,
)

__all__ = [
    "AlarmSounded",
    "clear",
    "close",
    "closed_since",
    "counted",
    "latest",
    "listed",
    "numbered",
    "sound",
    "sounding",
]
