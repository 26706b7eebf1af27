"""Addresses and words of lists: their one form, what of an item could be listed, keyed digests.

Pure. A list of addresses leads to what it lists, so nothing of it is kept in clear: what is stored
and compared is a digest with a key of this installation. http and https are one address here, a
default port is none, and what stands behind # is not of it.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cached_property

import idna

from tutela.signals.errors import SignalError

EXACT, PREFIX, HOST, KEYWORD = "url", "url-prefix", "url-host", "keyword"
LISTED = (EXACT, PREFIX, HOST, KEYWORD)
"""Signal types whose values are keyed digests of what a list says in clear."""

LONGEST = 8_192
"""Letters of a listed address in its one form: servers take no longer ones."""

MOST_SEGMENTS = 32
"""Of the path of a listed prefix: so many digests an item's address costs at most."""

MOST_WORDS = 5
"""Of a listed keyword."""

LONGEST_HOST = 253
LONGEST_LABEL = 63
DEFAULT_PORTS = (None, 80, 443)

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
HTTP = re.compile(r"https?:", re.IGNORECASE)
WITH_PORT = re.compile(r"[^/?#@:]*:\d{1,5}(?:[/?#]|$)")
PORT = re.compile(r"(.*?)(?::(\d*))?", re.DOTALL)
LABEL = re.compile(r"[a-z0-9_-]+")
DOTS = re.compile("[\u3002\uff0e\uff61]")
ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})?")
UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
KEPT = UNRESERVED | frozenset(b"!$&'()*+,;=:@/?[]|^`{}%")
"""Bytes of a path or query that stand as they are."""

CONTROLS = re.compile("[\x00-\x20\x7f]")
ALONE = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff])"
)
"""Letters of scripts that put no space between words: each counts as a word."""


class Keyer:
    """Makes keyed digests. The secret is read when it is first asked for."""

    def __init__(self, secret: Callable[[], bytes]) -> None:
        self._secret = secret

    @cached_property
    def _key(self) -> bytes:
        return hmac.digest(self._secret(), b"tutela lists", "sha256")

    def digest(self, kind: str, text: str) -> bytes:
        """32 bytes of a text of one kind, in its one form."""
        return hmac.digest(self._key, f"{kind}\0{text}".encode(), "sha256")


class Address:
    """An address in its one form: `host`, and `port` unless it is a default one; `path` begins with
    a slash; `query` with its question mark, or empty."""

    __slots__ = ("host", "path", "port", "query")

    def __init__(self, text: str) -> None:
        """Raises `SignalError`, which does not echo it."""
        authority, rest = _parted(text)
        self.host, self.port = _host_and_port(authority)
        path, mark, query = rest.partition("?")
        self.path = _without_dots(_escaped(path) or "/")
        self.query = f"?{_escaped(query)}" if mark and query else ""

    @property
    def authority(self) -> str:
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return shown if self.port is None else f"{shown}:{self.port}"

    def __str__(self) -> str:
        return f"{self.authority}{self.path}{self.query}"


def exact(text: str) -> str:
    """The one form of a listed address: all of it counts. Raises `SignalError`."""
    return _short(str(Address(text)))


def prefix(text: str) -> str:
    """The one form of a listed beginning of addresses, in whole segments of the path. Raises
    `SignalError`."""
    found = Address(text)
    if found.query:
        raise SignalError("This is no beginning of addresses.", "It ends before the question mark.")
    segments = _segments(found.path)
    if len(segments) > MOST_SEGMENTS:
        raise SignalError(
            f"This beginning of addresses has more than {MOST_SEGMENTS} segments.",
            "List the whole address.",
        )
    return _short(_joined(found.authority, segments))


def host(text: str) -> str:
    """The one form of a listed host, with which all below it are listed. Raises `SignalError`."""
    text = text.strip().removeprefix("*.").removeprefix(".")
    found = Address(f"[{text}]" if text.count(":") > 1 and not text.startswith("[") else text)
    if found.path != "/" or found.query or found.port is not None:
        raise SignalError("This is no host.", "A host stands without port and path.")
    if "." not in found.host and ":" not in found.host:
        raise SignalError("This host is a whole top-level domain.", "List the hosts below it.")
    return found.host


def keyword(text: str) -> str:
    """The one form of a listed word, or of several that follow each other. Raises `SignalError`."""
    found = list(words(text))
    if not 1 <= len(found) <= MOST_WORDS:
        raise SignalError(f"This is no keyword of 1 to {MOST_WORDS} words.")
    return _short(" ".join(found))


FORMS: dict[str, Callable[[str], str]] = {
    EXACT: exact, PREFIX: prefix, HOST: host, KEYWORD: keyword,
}  # fmt: skip


def candidates(text: str) -> list[tuple[str, str]]:
    """What could be listed of an item's address, as type and text in its one form: nothing of what
    is no address of http."""
    try:
        found = Address(text)
    except SignalError:
        return []
    made = [(EXACT, str(found))]
    segments = _segments(found.path)[:MOST_SEGMENTS]
    made += [
        (PREFIX, _joined(found.authority, segments[:count])) for count in range(len(segments) + 1)
    ]
    if _is_ip(found.host):
        return [*made, (HOST, found.host)]
    labels = found.host.split(".")
    return [*made, *((HOST, ".".join(labels[at:])) for at in range(len(labels) - 1))]


def phrases(text: str) -> list[tuple[str, str]]:
    """What could be listed of a text: each word, and each few that follow each other."""
    found = list(words(text))
    made = {
        " ".join(found[at : at + count])
        for count in range(1, MOST_WORDS + 1)
        for at in range(len(found) - count + 1)
    }
    return [(KEYWORD, one) for one in sorted(made)]


def words(text: str) -> Iterator[str]:
    """Words in order, in one form whatever their case or width; signs between them do not count."""
    made = _folded(text)
    if not made.isascii():
        made = ALONE.sub(r" \1 ", "".join(map(_spaced, made)))
    else:
        made = "".join(one if one.isalnum() else " " for one in made)
    yield from made.split()


def _folded(text: str) -> str:
    for _ in range(4):
        made = unicodedata.normalize("NFKC", text).casefold()
        if made == text:
            break
        text = made
    return text


def _spaced(letter: str) -> str:
    if letter.isalnum():
        return letter
    kind = unicodedata.category(letter)
    return letter if kind[0] == "M" else "" if kind == "Cf" else " "


def _short(text: str) -> str:
    if len(text) > LONGEST:
        raise SignalError(f"This is longer than {LONGEST} letters.")
    return text


def _parted(text: str) -> tuple[str, str]:
    """The authority, and path with query."""
    text = text.strip().replace("\\", "/")
    if CONTROLS.search(text) or not text:
        raise SignalError("This is no address.", "It is empty, or holds blanks.")
    text = text.partition("#")[0]
    if HTTP.match(text):
        text = text.partition(":")[2]
        if not text.startswith("//"):
            raise SignalError("This is no address.", "Two slashes stand behind http:")
    elif SCHEME.match(text) and not WITH_PORT.match(text):
        raise SignalError("This is no address of http or https.")
    if text.startswith("//"):
        text = text.lstrip("/")
    cut = min((at for at in (text.find("/"), text.find("?")) if at >= 0), default=len(text))
    return text[:cut].rpartition("@")[2], text[cut:]


def _host_and_port(authority: str) -> tuple[str, int | None]:
    if authority.startswith("["):
        inside, closed, after = authority[1:].partition("]")
        name, colon, digits = inside, *after.partition(":")[1:]
        if not closed or (after and not colon):
            raise SignalError("This is no address.", "Its host is none.")
        try:
            name = str(ipaddress.IPv6Address(name))
        except ValueError:
            raise SignalError("This is no address.", "Its host is none.") from None
    else:
        name, _, digits = authority.partition(":")
        name = _name(name)
    if digits and not (digits.isascii() and digits.isdigit() and int(digits[:6]) < 1 << 16):
        raise SignalError("This is no address.", "Its port is none.")
    port = int(digits) if digits else None
    return name, None if port in DEFAULT_PORTS else port


def _name(text: str) -> str:
    """A host's name in ASCII and lower case, without the dot at its end."""
    if "%" in text:
        try:
            text = ESCAPE.sub(_byte, text.encode()).decode()
        except (UnicodeDecodeError, UnicodeEncodeError):
            raise SignalError("This is no address.", "Its host is none.") from None
    text = DOTS.sub(".", text).lower().removesuffix(".")
    if not text.isascii():
        try:
            text = idna.encode(text, uts46=True, transitional=False).decode()
        except (idna.IDNAError, UnicodeError):
            raise SignalError("This is no address.", "Its host is none.") from None
    if len(text) > LONGEST_HOST or not all(
        len(one) <= LONGEST_LABEL and LABEL.fullmatch(one) for one in text.split(".")
    ):
        raise SignalError("This is no address.", "Its host is none.")
    return text


def _byte(found: re.Match[bytes]) -> bytes:
    return bytes((int(found[1], 16),)) if found[1] else found[0]


def _escaped(text: str) -> str:
    """With each byte in its one form: as it is, or as %XX."""
    try:
        data = text.encode()
    except UnicodeEncodeError:
        raise SignalError("This is no address.", "It holds half of a letter.") from None

    def mended(found: re.Match[bytes]) -> bytes:
        if not found[1]:
            return b"%25"
        value = int(found[1], 16)
        return bytes((value,)) if value in UNRESERVED else b"%%%02X" % value

    made = ESCAPE.sub(mended, data)
    return "".join(chr(one) if one in KEPT else f"%{one:02X}" for one in made)


def _without_dots(path: str) -> str:
    """RFC 3986, 5.2.4."""
    made: list[str] = []
    parts = path.split("/")[1:]
    for at, part in enumerate(parts):
        last = at == len(parts) - 1
        if part == "..":
            if made:
                made.pop()
        elif part != ".":
            made.append(part)
            continue
        if last:
            made.append("")
    return "/" + "/".join(made)


def _segments(path: str) -> list[str]:
    """Of a path, without the empty ones at its end."""
    return path.rstrip("/").split("/")[1:]


def _joined(authority: str, segments: list[str]) -> str:
    return "/".join((authority, *segments))


def _is_ip(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
