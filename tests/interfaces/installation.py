"""An installation of its own for each test of commands."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import commands
import pytest

DOCS = Path(__file__).parents[2] / "docs"


class Installation:
    """A data directory, keys and a home of its own, and the command on them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.keys = folder / "keys"
        (folder / "home").mkdir(exist_ok=True)

    def environment(self, **more: str) -> dict[str, str]:
        kept = ("TUTELA_PHOTOGRAPHS", "TUTELA_NATIVE")
        own = {k: v for k, v in os.environ.items() if not k.startswith("TUTELA_") or k in kept}
        home = str(self.folder / "home")
        return own | {
            "HOME": home, "XDG_DATA_HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home,
            "TUTELA_DATA": str(self.data), "TUTELA_KEYS": str(self.keys),
            "TUTELA_DECODING__PROCESSES": "1",
        } | more  # fmt: skip

    def run(
        self,
        *arguments: str | bytes | Path,
        given: bytes | None = None,
        before: tuple[str, ...] = (),
        **environment: str,
    ) -> subprocess.CompletedProcess[str]:
        """The command, after what changes how it runs; `given` is its standard input."""
        ran = commands.run(
            arguments, self.environment(**environment),
            given=given if given is not None else b"", folder=self.folder, before=before,
        )  # fmt: skip
        out, err = (text.decode(errors="replace") for text in (ran.stdout, ran.stderr))
        assert "Traceback" not in err and "fault of Tutela" not in err, err
        return subprocess.CompletedProcess(ran.args, ran.returncode, out, err)

    def ok(self, *arguments: str | bytes | Path, **environment: str) -> str:
        """What a command prints that ends with 0."""
        ran = self.run(*arguments, **environment)
        assert ran.returncode == 0, (ran.returncode, ran.stderr)
        return ran.stdout

    def refused(self, *arguments: str | bytes | Path, code: int = 1, **environment: str) -> str:
        """The one line that says why a command ended so."""
        ran = self.run(*arguments, **environment)
        assert ran.returncode == code, (ran.returncode, ran.stdout, ran.stderr)
        assert re.fullmatch(r"tutela: [^\n]+\n", ran.stderr), ran.stderr
        return ran.stderr

    def records(self, *arguments: str | bytes | Path, **environment: str) -> list[dict]:
        """The objects that a command prints with `--json`. Every key is in docs/commands.md."""
        made = lines(self.ok(*arguments, "--json", **environment))
        words = " ".join(str(a) for a in arguments)
        page = (DOCS / "commands.md").read_text()
        sections = {
            title: section
            for title, section in re.findall(r"^## tutela (.*)\n((?:(?!## ).*\n)*)", page, re.M)
            if words.startswith(title)
        }
        ((name, section),) = sections.items()
        if name in ("bank list", "bank find"):
            section += page.split("\n## tutela bank show\n")[1].split("\n## ")[0]
        for key in {key for record in made for key in record}:
            assert f"`{key}`" in section, (name, key)
        return made

    def key(self, name: str, *scopes: str) -> str:
        """The secret of a new key."""
        given = [word for scope in scopes or ("banks:write",) for word in ("--scope", scope)]
        return self.ok("key", "create", name, *given).strip()

    def verdict(self, path: Path, *options: str, **environment: str) -> str:
        (record,) = self.records("screen", path, *options, **environment)
        return record["verdict"]

    @property
    def database(self) -> Path:
        return self.data / "tutela.db"


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def value(text: str, digits: int = 64) -> str:
    """A made value: no two are near each other."""
    return hashlib.shake_128(text.encode()).hexdigest(digits // 2)


def flipped(text: str, bits: Iterable[int]) -> str:
    number = int(text, 16)
    for bit in bits:
        number ^= 1 << bit
    return f"{number:0{len(text)}x}"


@pytest.fixture(scope="session")
def fresh(tmp_path_factory) -> Path:
    """A folder with a new installation, for copies."""
    folder = tmp_path_factory.mktemp("installation")
    Installation(folder).ok("init")
    return folder


@pytest.fixture
def here(fresh, tmp_path) -> Installation:
    shutil.copytree(fresh, tmp_path / "own")
    return Installation(tmp_path / "own")
