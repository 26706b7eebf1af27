"""Which packs there are: those that come with this program, and those of the operator's folder.

A folder's file with a fault is not taken. What it said when it last had none counts until it is
mended (`copies`), and no file takes the place of a pack that comes with the program.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from tutela import packs
from tutela.errors import TutelaError
from tutela.law import copies
from tutela.law.errors import NoSuchPack
from tutela.law.options import Options
from tutela.packs import Pack, PackError, Rule
from tutela.packs.shipped import DATA, EXAMPLES

LARGEST = 1 << 20
"""Bytes of a pack: more than a lawyer reads."""


@dataclass(frozen=True, slots=True)
class Library:
    """`faults`: why a file of the folder, or a pack that the settings name, is not in it, or is as
    it was before. `missing`: packs that the settings name, of which there is none. `broken`: files
    with a fault, by their paths, with what is wrong."""

    packs: Mapping[str, Pack]
    faults: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    broken: Mapping[str, str] = field(default_factory=dict)

    def in_use(self, options: Options) -> tuple[Pack, ...]:
        """Those that the settings name, in their order."""
        return tuple(self.packs[one] for one in options.packs if one in self.packs)

    def named(self, name: str) -> Pack:
        """Raises `NoSuchPack`."""
        if name not in self.packs:
            raise NoSuchPack(
                f"There is no pack {name[:64]!r}.", f"There are {', '.join(self.packs)}."
            )
        return self.packs[name]

    def rule(self, pack: str, rule: str) -> Rule:
        """Raises `NoSuchPack`."""
        found = {one.id: one for one in self.named(pack).rules}
        if rule not in found:
            raise NoSuchPack(
                f"The pack {pack} has no rule {rule[:64]!r}.", f"It has {', '.join(found)}."
            )
        return found[rule]


def library(options: Options) -> Library:
    """All packs that can be read now. Never raises: what is wrong stands in `faults`."""
    own, broken, faults = _texts(options.folder)
    found, wrong = _loaded(tuple(sorted(own.items())))
    broken |= dict(wrong)
    good = {place: text for place, text in own.items() if place not in broken}
    faults += [why for place in good if (why := copies.keep(place, good[place]))]
    again = {place: text for place in broken if (text := copies.kept(place))}
    if again:
        found, _ = _loaded(tuple(sorted((good | again).items())))
    faults += broken.values()
    missing = tuple(one for one in options.packs if one not in found)
    faults += [
        f"The setting law.packs names {one}, and there is no such pack that can be read."
        for one in missing
    ]
    return Library(found, tuple(faults), missing, broken)


def require_all(options: Options) -> None:
    """Raises `NoSuchPack` if a pack that the settings name cannot be had: nothing is to run by laws
    of which one is not there."""
    found = library(options)
    if found.missing:
        why = next(iter(found.broken.values()), "")
        raise NoSuchPack(
            f"The setting law.packs names {found.missing[0]}, and there is no such pack that can be"
            f" read. {why or next(iter(found.faults))}",
            "Mend its file, then: tutela pack check FILE; or take it out of law.packs.",
        )


def check(file: Path) -> Pack:
    """The pack of a file, which may extend those that come with this program. Raises `PackError`
    with all of its faults."""
    place = str(file)
    texts = {**_shipped(), place: _bytes(file)}
    return next(one for one in packs.load_all(texts) if one.place == place)


def _texts(folder: str) -> tuple[dict[str, bytes], dict[str, str], list[str]]:
    """The files of a folder by their paths, why some cannot be read, and why none can."""
    found: dict[str, bytes] = {}
    broken: dict[str, str] = {}
    if not folder:
        return found, broken, []
    if not Path(folder).is_dir():
        return found, broken, [f"The folder {folder} of the setting law.folder is not there."]
    for file in sorted(Path(folder).glob("*.yaml")):
        if not file.name.endswith(EXAMPLES):
            try:
                found[str(file)] = _bytes(file)
            except TutelaError as error:
                broken[str(file)] = str(error)
    return found, broken, []


def _bytes(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            found = opened.read(LARGEST + 1)
    except OSError as error:
        raise TutelaError(
            f"The pack {file} cannot be read: {error.strerror}.", "See who may read it."
        ) from None
    if len(found) > LARGEST:
        raise TutelaError(f"The pack {file} is larger than {LARGEST} bytes.", "Make it shorter.")
    return found


@lru_cache(maxsize=8)
def _loaded(
    own: tuple[tuple[str, bytes], ...],
) -> tuple[Mapping[str, Pack], tuple[tuple[str, str], ...]]:
    """The packs by their names, and the faults of own files, each with its place: one with a fault
    is left out, with what extends it."""
    left, wrong = dict(own), []
    while left:
        try:
            found = packs.load_all({**_shipped(), **left})
        except PackError as error:
            place = next(one for one in left if str(error).startswith(f"{one}:"))
            wrong.append((place, str(error)))
            del left[place]
        else:
            return {one.name: one for one in found}, tuple(wrong)
    return packs.packs(), tuple(wrong)


@lru_cache(maxsize=1)
def _shipped() -> Mapping[str, bytes]:
    files = sorted(DATA.glob("*.yaml"))
    return {one.name: one.read_bytes() for one in files if not one.name.endswith(EXAMPLES)}
