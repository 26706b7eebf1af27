"""What leads to someone: accounts, addresses of all kinds, and where and when they were seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Moment(StrEnum):
    """What happened when an address or a device was seen."""

    LOGIN = "login"
    REGISTRATION = "registration"
    PURCHASE = "purchase"
    UPLOAD = "upload"
    OTHER = "other"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Email:
    address: str
    kind: str = ""
    """home, work, business or recovery."""
    verified: bool | None = None
    verified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Phone:
    number: str
    kind: str = ""
    """mobile, home, business, work, fax, internet or recovery."""
    verified: bool | None = None
    verified_at: datetime | None = None
    country_code: str = ""
    """As +44."""
    extension: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    street: str = ""
    city: str = ""
    postcode: str = ""
    region: str = ""
    """A state of the US as its two letters, else the region's name."""
    country: str = ""
    """Two letters of ISO 3166."""
    kind: str = ""
    """home, business, billing, shipping or technical."""


@dataclass(frozen=True, slots=True)
class Capture:
    """An address of the internet that was seen."""

    address: str
    moment: Moment = Moment.UNKNOWN
    at: datetime | None = None
    port: int | None = None
    proxy: bool | None = None
    typed: bool = False
    """A person wrote it here; no record says it. Set when a report is edited, never by hand."""


@dataclass(frozen=True, slots=True)
class Device:
    kind: str
    """As IMEI or ICCID."""
    value: str
    moment: Moment = Moment.UNKNOWN
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where an account seems to be."""

    city: str = ""
    region: str = ""
    country: str = ""
    verified: bool | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Disabled:
    """That an account was disabled."""

    for_good: bool
    at: datetime | None = None
    told: bool | None = None
    told_at: datetime | None = None
    back_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """An account as a service knows it."""

    service: str = ""
    id: str = ""
    screen_name: str = ""
    display_names: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    biography: str = ""
    group: str = ""
    compromised: bool | None = None
    disabled: tuple[Disabled, ...] = ()
