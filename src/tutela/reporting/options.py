"""Settings of reports to authorities."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from tutela.reporting.authorities import Environment
from tutela.reporting.facts import Reporter

IN_SESSION = "reporting"
"""Where a session holds these settings (`Database.info`)."""


def _whole(default: int, reason: str) -> int:
    found: int = field(default=default, metadata={"reason": reason})
    return found


def _said(reason: str) -> str:
    found: str = field(default="", metadata={"reason": reason})
    return found


@dataclass(frozen=True, slots=True)
class Registration:
    """How the service is registered at the UK's National Crime Agency, and whom to call there."""

    organisation: str = _said("The organisation's reference number, which is quoted in calls.")
    administrator: str = _said("The organisation's administrator: a senior manager or equivalent.")
    deputy: str = _said("Who stands in for the administrator.")
    authorised: str = _said("Persons who are authorised to report, with commas between them.")
    call: str = _said(
        "The telephone number of the control centre, as its guidance has it now: verify it before"
        " use; none is shipped."
    )
    mail: str = _said(
        "Where the contingency template is mailed to while the portal is down, never with the"
        " material: verify it before use; none is shipped."
    )

    package: int = field(
        default=5_000_000_000,
        metadata={
            "reason": "Bytes of one ZIP for the portal, which takes no more than 5 GB at once:"
            " less, where the line is slow. What does not fit goes into further ones."
        },
    )

    def __post_init__(self) -> None:
        if not 1_000_000 <= self.package <= 5_000_000_000:
            raise ValueError("package must be between 1000000 and 5000000000")

    def notes(self) -> list[str]:
        """What who files by hand is to know of it."""
        unset = "not in the settings (reporting.nca): verify it with the agency, and set it"
        return [
            f"Organisation reference: {self.organisation or unset}.",
            f"To call: {self.call or unset}.",
            f"To mail the contingency template to: {self.mail or unset}.",
            f"Authorised to report: {self.authorised or unset}.",
        ]


@dataclass(frozen=True, slots=True)
class Options:
    """To whom is reported, in whose name, and how."""

    environment: str = field(
        default="test",
        metadata={
            "reason": "Where reports go: `test`, the authority's test server, or `production`. That"
            " word is not enough: two people allow it once, with tutela report allow-production."
        },
    )
    authorities: tuple[str, ...] = field(
        default=("ncmec",),
        metadata={"reason": "For whom a report is drafted when something is confirmed."},
    )
    test_urls: tuple[str, ...] = field(
        default=(),
        metadata={
            "reason": "Other test servers, as ncmec=http://127.0.0.1:8391/ispws: one of your own"
            " (tutela testserver). Never used in production."
        },
    )
    platform: str = field(
        default="", metadata={"reason": "The full name of the service, as reports call it."}
    )
    rate: int = _whole(
        5,
        "Calls a second to one authority, 0 for any number. None has published a limit; a polite"
        " client after an outage does not flood who has just come back.",
    )
    parallel: int = _whole(4, "Reports that are sent at a time.")
    resume_minutes: int = _whole(
        30,
        "Minutes since the last change within which an interrupted report is gone on with; after"
        " that it is taken back and begun again. The CyberTipline deletes what is open after an"
        " hour without one.",
    )
    lease_seconds: int = _whole(
        300,
        "Seconds after which a report that a worker was sending counts as left; each call renews"
        " it. More than one call may take.",
    )
    call_seconds: int = _whole(
        60, "Seconds that a call may take; an upload gets one more for each `upload_slowest` bytes."
    )
    upload_slowest: int = _whole(
        64 * 1024,
        "Bytes a second that an upload makes at least, or it is given up and tried again.",
    )
    retry_first: int = _whole(
        30, "Seconds until the first try again; each next takes twice as long."
    )
    retry_most: int = _whole(
        3600, "Seconds between tries at most: who was down for a day is reached within an hour."
    )
    alarm_after: int = _whole(3, "Failures, one after another, after which an authority is down.")
    schema_hours: int = _whole(
        24, "Hours after which the schema that an authority serves is asked for again."
    )
    close_cases: bool = field(
        default=True,
        metadata={
            "reason": "Whether the receipt of a report closes its case, where nothing of it is left"
            " to decide."
        },
    )
    reporter: Reporter = field(default_factory=Reporter)
    nca: Registration = field(default_factory=Registration)

    def __post_init__(self) -> None:
        if self.environment not in tuple(Environment):
            raise ValueError("environment must be test or production")
        for name, least, most in (
            ("rate", 0, 1000), ("parallel", 1, 64), ("resume_minutes", 1, 24 * 60),
            ("lease_seconds", 30, 24 * 3600), ("call_seconds", 1, 3600),
            ("upload_slowest", 1024, 1 << 30), ("retry_first", 1, 3600),
            ("retry_most", 1, 24 * 3600), ("alarm_after", 1, 1000), ("schema_hours", 1, 24 * 30),
        ):  # fmt: skip
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name} must be between {least} and {most}")
        self.test_addresses()

    def test_addresses(self) -> dict[str, str]:
        """Test servers by the authority's name. Raises ValueError."""
        found = {}
        for one in self.test_urls:
            name, _, url = one.partition("=")
            if not name or not url.startswith(("http://", "https://")):
                raise ValueError("test_urls must be as ncmec=http://127.0.0.1:8391/ispws")
            found[name] = url.rstrip("/")
        return found

    @property
    def resume(self) -> timedelta:
        return timedelta(minutes=self.resume_minutes)

    @property
    def lease(self) -> timedelta:
        return timedelta(seconds=self.lease_seconds)
