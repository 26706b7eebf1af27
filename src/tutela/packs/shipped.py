"""The packs that come with this program, and their examples. The one file here that reads any."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tutela.packs.errors import PackError
from tutela.packs.loading import load_all
from tutela.packs.models import Pack
from tutela.packs.proving import Example, read_examples
from tutela.policy.errors import Fault

DATA = Path(__file__).with_name("data")
EXAMPLES = ".examples.yaml"


@cache
def packs() -> Mapping[str, Pack]:
    """Every pack, by its name. Raises `PackError`."""
    return {pack.name: pack for pack in in_folder(DATA)}


def in_folder(folder: Path) -> tuple[Pack, ...]:
    """The packs of a folder: one in each file that is not of examples. Raises `PackError`."""
    files = (one for one in sorted(folder.glob("*.yaml")) if not one.name.endswith(EXAMPLES))
    return load_all({one.name: _read(one) for one in files})


def examples(pack: Pack, folder: Path = DATA) -> tuple[Example, ...]:
    """The examples beside a pack. Raises `PackError`, also if there are none: a pack without
    examples is not tested."""
    file = folder / f"{pack.name}{EXAMPLES}"
    return read_examples(_read(file), file.name)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        what = f"This cannot be read: {error.strerror}."
        raise PackError(file.name, (Fault(1, 1, what, "Restore it."),)) from None
