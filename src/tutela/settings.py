"""Every setting: from the environment (`TUTELA_…`), else the settings file, else its default.

`docs/settings.md` lists them; a test compares.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tutela.cases.options import Options as Cases
from tutela.decisions.options import Options as Decisions
from tutela.decoding.limits import Limits
from tutela.decoding.options import Options
from tutela.errors import TutelaError
from tutela.evidence.options import Options as Evidence
from tutela.exchanges.options import Hma
from tutela.exchanges.options import Options as Exchanges
from tutela.jobs.options import Options as Jobs
from tutela.law.options import Options as Law
from tutela.outbound.options import Options as Outbound
from tutela.people.options import Console, Oidc
from tutela.people.options import Options as People
from tutela.preservation.options import Options as Preservation
from tutela.records.options import Options as Records
from tutela.reporting.options import Options as Reporting
from tutela.screening.options import Options as Screening
from tutela.views.options import Options as Views
from tutela.webhooks.options import Options as Webhooks

FILE = "TUTELA_CONFIG"
NAME = "tutela.toml"
NOT_SETTINGS = frozenset({
    FILE, "TUTELA_KEY", "TUTELA_NATIVE", "TUTELA_DEBUG", "TUTELA_PHOTOGRAPHS", "TUTELA_REQUIRE",
    "TUTELA_POSTGRES", "TUTELA_CHROMIUM", "TUTELA_WRITE_DOCS", "TUTELA_EVIDENCE_IDENTITY",
})  # fmt: skip
"""Names in the environment that say how to run, not what the service does."""

ALSO = {"TUTELA_EVIDENCE_URL": "evidence.url"}
"""Other names of settings in the environment: those of the contract."""


class SettingsError(TutelaError):
    """A setting that is not one, or whose value cannot be used."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Decoding:
    """How files are turned into signals."""

    processes: int = field(
        default=0,
        metadata={
            "reason": "Decoder processes; 0 means one for each processor. Each takes 80 MB idle."
        },
    )
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if not 0 <= self.processes <= 1024:
            raise ValueError("processes must be between 0 and 1024")


@dataclass(frozen=True, slots=True)
class Imports:
    """How lists are read into banks."""

    chunk: int = field(
        default=10_000,
        metadata={
            "reason": "Signals of a list stored in one transaction: what a crash repeats, and for"
            " how long others wait to write, half a second or so."
        },
    )
    window: int = field(
        default=800_000,
        metadata={
            "reason": "Signals of a VICS hash set that are sorted before they are stored, some 60"
            " bytes of memory each. The more there are, the less the database writes: it has an"
            " order, and hashes have none."
        },
    )
    longest_line: int = field(
        default=65_536,
        metadata={
            "reason": "Bytes of one line of a list; a longer one is rejected. A file without line"
            " ends is no list, and must not fill the memory."
        },
    )

    def __post_init__(self) -> None:
        if not 1 <= self.chunk <= 100_000:
            raise ValueError("chunk must be between 1 and 100000")
        if not 1 <= self.window <= 10_000_000:
            raise ValueError("window must be between 1 and 10000000")
        if not 64 <= self.longest_line <= 1 << 24:
            raise ValueError("longest_line must be between 64 and 16777216")


@dataclass(frozen=True, slots=True)
class Service:
    """How the service listens, and what it takes."""

    host: str = field(
        default="127.0.0.1",
        metadata={
            "reason": "The address to listen on. Before any other, put a proxy that speaks TLS:"
            " keys and uploads must not travel in clear."
        },
    )
    port: int = field(
        default=8377, metadata={"reason": "The port to listen on; 0 takes one that is free."}
    )
    workers: int = field(
        default=1,
        metadata={
            "reason": "Web processes. More than one needs Postgres: SQLite has one writer at a"
            " time, and more make it slower."
        },
    )
    max_body: int = field(
        default=5 << 30,
        metadata={
            "reason": "Bytes of one upload: the largest that object stores take in one piece. What"
            " is larger is refused, not screened in part."
        },
    )
    memory: int = field(
        default=1 << 30,
        metadata={
            "reason": "Bytes of all uploads held in memory at a time, in each web process; past it"
            " new ones are told to come again."
        },
    )
    idle_seconds: int = field(
        default=30,
        metadata={"reason": "Seconds without a byte of an upload after which it is given up."},
    )
    body_seconds: int = field(
        default=3600,
        metadata={
            "reason": "Seconds that one upload may take: 5 GiB at 12 Mbit/s. Who sends a byte now"
            " and then must not hold a place for ever."
        },
    )
    requests: int = field(
        default=1024,
        metadata={
            "reason": "Requests in work at a time, in each web process; others are told to come"
            " again, rather than wait unseen."
        },
    )
    lookup_rate: int = field(
        default=100,
        metadata={
            "reason": "Lookups a second for each key, unless the key has a rate of its own: who"
            " may ask without end can map what is known."
        },
    )
    screen_rate: int = field(
        default=1000,
        metadata={
            "reason": "Uploads a second for each key, unless the key has a rate of its own: more"
            " than one machine screens."
        },
    )
    stop_seconds: int = field(
        default=30,
        metadata={"reason": "Seconds that requests in work are given when the service stops."},
    )
    least_free_disk: int = field(
        default=512 << 20,
        metadata={
            "reason": "Bytes that must be free in the data directory for the service to be ready:"
            " room for evidence and for the index while it is rebuilt."
        },
    )

    def __post_init__(self) -> None:
        for name, least, most in (
            ("port", 0, 65535), ("workers", 1, 256), ("max_body", 1, 1 << 46),
            ("memory", 1, 1 << 46), ("idle_seconds", 1, 3600), ("body_seconds", 1, 1 << 20),
            ("requests", 1, 1 << 16), ("lookup_rate", 1, 1 << 20), ("screen_rate", 1, 1 << 20),
            ("stop_seconds", 0, 3600), ("least_free_disk", 0, 1 << 46),
        ):  # fmt: skip
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name} must be between {least} and {most}")


def place_of(text: str) -> tuple[str, int]:
    """Address and port of `host:port`. Raises ValueError."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"{text!r} is no address and port, such as 127.0.0.1:3310")
    return host.strip("[]"), int(port)


@dataclass(frozen=True, slots=True)
class Clamd:
    """How the clamd door listens, and what it says."""

    listen: str = field(
        default="",
        metadata={
            "reason": "Address and port to speak clamd's protocol on, such as 127.0.0.1:3310;"
            " empty, nowhere. It knows no keys and no TLS."
        },
    )
    socket: str = field(
        default="", metadata={"reason": "The path of a Unix socket to speak it on; empty, none."}
    )
    socket_mode: str = field(
        default="660",
        metadata={"reason": "Who may open that socket: its mode, as of a file; user and group."},
    )
    allow: tuple[str, ...] = field(
        default=("127.0.0.0/8", "::1/128"),
        metadata={
            "reason": "Networks from which it is answered: who may ask without a key could try"
            " what is known."
        },
    )
    key: str = field(
        default="clamd",
        metadata={
            "reason": "The name of the key that it acts as, with the permission screen: records and"
            " alarms name it, its rate bounds it, and it ends when that is revoked."
        },
    )
    channel: str = field(
        default="",
        metadata={"reason": "The policy's channel of what comes so; empty, its channel unknown."},
    )
    found: tuple[str, ...] = field(
        default=("block", "review"),
        metadata={
            "reason": "Verdicts that are answered FOUND; others, OK. A review is to be held back,"
            " and a hook can only refuse: without it here, such files pass."
        },
    )
    undecided: str = field(
        default="error",
        metadata={
            "reason": "What is answered where nothing could be decided: error, found or ok. Only ok"
            " lets files pass that nobody looked at, and sounds an alarm."
        },
    )
    max_stream: int = field(
        default=100 << 20,
        metadata={"reason": "Bytes of one stream: clamd's own StreamMaxLength; hooks expect it."},
    )
    connections: int = field(
        default=2000,
        metadata={"reason": "Connections at a time; more are closed. An idle one costs little."},
    )
    idle_seconds: int = field(
        default=30,
        metadata={"reason": "Seconds without a byte after which a connection is closed, as clamd."},
    )

    @property
    def on(self) -> bool:
        """Whether there is such a door."""
        return bool(self.listen or self.socket)

    def __post_init__(self) -> None:
        if self.listen:
            place_of(self.listen)
        if not re.fullmatch("[0-7]{3}", self.socket_mode):
            raise ValueError("socket_mode must be three digits from 0 to 7")
        for each in self.allow:
            try:
                ipaddress.ip_network(each)
            except ValueError:
                raise ValueError(f"allow names {each!r}, which is no network") from None
        if "block" not in self.found or not set(self.found) <= {"block", "review"}:
            raise ValueError('found must be ["block"] or ["block", "review"]')
        if self.undecided not in ("error", "found", "ok"):
            raise ValueError("undecided must be error, found or ok")
        for name, most in (
            ("max_stream", 1 << 46), ("connections", 1 << 16), ("idle_seconds", 3600),
        ):  # fmt: skip
            if not 1 <= getattr(self, name) <= most:
                raise ValueError(f"{name} must be between 1 and {most}")


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one process."""

    data: str = field(
        default="",
        metadata={
            "reason": "The data directory: database, index, checkpoints. Empty means"
            " `$XDG_DATA_HOME/tutela`, or `~/.local/share/tutela`."
        },
    )
    database_url: str = field(
        default="",
        metadata={
            "reason": "The database, as postgresql://user@host/name. Empty means the SQLite file"
            " `tutela.db` in the data directory."
        },
    )
    keys: str = field(
        default="",
        metadata={
            "reason": "The folder of secret keys, outside the data directory: who has the data must"
            " not be able to sign. Empty means `$XDG_CONFIG_HOME/tutela/keys`, or"
            " `~/.config/tutela/keys`."
        },
    )
    service: Service = field(default_factory=Service)
    clamd: Clamd = field(default_factory=Clamd)
    hma: Hma = field(default_factory=Hma)
    console: Console = field(default_factory=Console)
    people: People = field(default_factory=People)
    oidc: Oidc = field(default_factory=Oidc)
    screening: Screening = field(default_factory=Screening)
    cases: Cases = field(default_factory=Cases)
    views: Views = field(default_factory=Views)
    decisions: Decisions = field(default_factory=Decisions)
    preservation: Preservation = field(default_factory=Preservation)
    law: Law = field(default_factory=Law)
    reporting: Reporting = field(default_factory=Reporting)
    records: Records = field(default_factory=Records)
    exchanges: Exchanges = field(default_factory=Exchanges)
    evidence: Evidence = field(default_factory=Evidence)
    jobs: Jobs = field(default_factory=Jobs)
    outbound: Outbound = field(default_factory=Outbound)
    webhooks: Webhooks = field(default_factory=Webhooks)
    imports: Imports = field(default_factory=Imports)
    signals: Options = field(default_factory=Options)
    decoding: Decoding = field(default_factory=Decoding)


def load(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this process; raises `SettingsError` that names the setting and its place."""
    given: dict[str, tuple[Any, str]] = {}
    path = next((p for p in _places(environment) if p.is_file() or FILE in environment), None)
    if path is not None:
        given |= {name: (value, str(path)) for name, value in _flat(_read(path))}
    for name, text in sorted(environment.items()):
        if name.startswith("TUTELA_") and name not in NOT_SETTINGS:
            setting = ALSO.get(name, name.removeprefix("TUTELA_").lower().replace("__", "."))
            given[setting] = (_literal(text), name)
    settings: Settings = _build(Settings, given, "")
    if given:
        setting, (_, place) = next(iter(given.items()))
        raise SettingsError(f"{place}: {setting} is not a setting.", "See docs/settings.md.")
    return settings


def _places(environment: Mapping[str, str]) -> list[Path]:
    """Where the settings file may be. Not the current folder: it may be a stranger's."""
    if FILE in environment:
        return [Path(environment[FILE])]
    return [
        own_folder("XDG_CONFIG_HOME", "~/.config", environment) / NAME,
        Path("/etc/tutela", NAME),
    ]


def own_file(environment: Mapping[str, str] = os.environ) -> Path:
    """Where this user's settings file is, or would be."""
    return _places(environment)[0]


def own_folder(name: str, otherwise: str, environment: Mapping[str, str] = os.environ) -> Path:
    """The folder `tutela` of this user's configuration or data (XDG base directories)."""
    return Path(environment.get(name) or Path(otherwise).expanduser(), "tutela")


def _read(path: Path) -> dict[str, Any]:
    try:
        if not path.is_file() and path.exists():
            raise OSError(0, "it is not a file")
        return tomllib.loads(path.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML: {error}.") from None
    except OSError as error:
        raise SettingsError(
            f"The settings file {path} cannot be read: {error.strerror}.",
            f"Write it, or unset {FILE}.",
        ) from None


def _flat(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _literal(text: str) -> Any:
    """A value in the environment: as in the file, or else a plain text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _build(kind: Any, given: dict[str, tuple[Any, str]], prefix: str) -> Any:
    """An object of settings; what it uses of `given` is taken out."""
    values: dict[str, Any] = {}
    places: list[str] = []
    for part in dataclasses.fields(kind):
        setting = prefix + part.name
        if part.default is dataclasses.MISSING:
            values[part.name] = _build(part.default_factory, given, f"{setting}.")
        elif setting in given:
            value, place = given.pop(setting)
            values[part.name] = _typed(value, part.default, setting, place)
            places.append(place)
    try:
        return kind(**values)
    except (ValueError, TutelaError) as error:
        place = ", ".join(dict.fromkeys(places)) or "defaults"
        raise SettingsError(f"{place}: {prefix}{error}", "See docs/settings.md.") from None


def _typed(value: Any, default: Any, setting: str, place: str) -> Any:
    """The value, if it is of the default's type."""
    if isinstance(default, tuple):
        if isinstance(value, list) and all(isinstance(v, str) for v in value):
            return tuple(value)
        wanted = 'a list of texts, such as ["pdq", "sha256"]'
    elif type(value) is type(default):
        return value
    else:
        wanted = {bool: "true or false", int: "a whole number", str: "a text"}[type(default)]
    raise SettingsError(f"{place}: {setting} must be {wanted}.")
