"""The example of a signal type of one's own, installed as a package would be."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

EXAMPLE = Path(__file__).parents[1] / "examples" / "own_measure"


def installed(folder: Path, name: str = "own-measure") -> list[str]:
    """The folders to search, of which one has the metadata of the example's distribution."""
    with (EXAMPLE / "pyproject.toml").open("rb") as file:
        points = tomllib.load(file)["project"]["entry-points"]
    place = folder / f"{name.replace('-', '_')}-1.dist-info"
    place.mkdir(parents=True)
    (place / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    lines = []
    for group, entries in points.items():
        lines += [f"[{group}]", *(f"{one} = {value}" for one, value in entries.items())]
    (place / "entry_points.txt").write_text("\n".join(lines) + "\n")
    return [str(EXAMPLE), str(folder)]


def environment(folder: Path) -> Path:
    """The interpreter of an environment that has all of this one, and the example: a decoder looks
    nowhere else."""
    place = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    (site,) = place.glob("lib/python3*/site-packages")
    lines = [f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})"]
    (site / "example.pth").write_text("\n".join(lines + installed(folder / "packages")) + "\n")
    return place / "bin" / "python"
