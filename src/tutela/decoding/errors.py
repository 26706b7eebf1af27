"""What can go wrong with decoding as a whole (what goes wrong with a file is a `Cause`)."""

from __future__ import annotations

from tutela.errors import TutelaError


class DecodingError(TutelaError):
    """No decoder process could be started."""

    exit_code = 3
