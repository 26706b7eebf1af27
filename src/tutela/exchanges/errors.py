"""What can be wrong with an exchange."""

from __future__ import annotations

from collections.abc import Sequence

from tutela.errors import TutelaError


class ExchangeError(TutelaError):
    """Something is wrong with an exchange."""


class NoSuchPartner(ExchangeError):
    """No such partner is installed."""

    def __init__(self, name: str, installed: Sequence[str]) -> None:
        super().__init__(
            f"There is no partner {name!r}.", f"Installed: {', '.join(installed) or 'none'}."
        )


class NoSuchExchange(ExchangeError):
    """No exchange has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no exchange {name!r}.", "See: tutela exchange list")


class NotConfigured(ExchangeError):
    """A setting of a partner is missing or wrong."""


class ExchangeRefused(ExchangeError):
    """What was asked for cannot be done with this exchange."""


class Unreadable(ExchangeError):
    """A partner's answer is none that its contract allows; `what` echoes no value of it."""


class TooManyGone(ExchangeError):
    """A partner would delete so much at once that a person must look first."""

    def __init__(self, name: str, count: int, limit: int) -> None:
        super().__init__(
            f"The partner of {name} deletes {count} entries since the last complete fetch, more"
            f" than the {limit} that pass unseen.",
            f"See whether that is right, then: tutela exchange release {name}",
        )
        self.count = count


class Loop(Unreadable):
    """A partner's pages never end."""
