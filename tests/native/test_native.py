"""The C code by itself: clean under sanitizers, and the same on ARM64."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest
from conftest import missing

ROOT = Path(__file__).parents[2]
SOURCES = [
    *(ROOT / "native" / name for name in ("pdq.c", "cpu.c", "lthash.c")),
    ROOT / "tests/native/harness.c",
]
FLAGS = ["-std=c11", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror", "-Wconversion", "-O2"]
SANITIZERS = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


def build(compiler: str, into: Path, *options: str) -> Path:
    subprocess.run([compiler, *FLAGS, *options, *SOURCES, "-o", into, "-lm"], check=True)
    return into


def output(*command: str | Path) -> str:
    ran = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    return ran.stdout


@pytest.fixture(scope="module")
def here(tmp_path_factory) -> str:
    if shutil.which("cc") is None:
        missing("native", "there is no C compiler")
    return output(build("cc", tmp_path_factory.mktemp("native") / "plain"))


def test_no_byte_too_many_is_read(here, tmp_path):
    assert output(build("cc", tmp_path / "sanitized", *SANITIZERS)) == here


def test_arm64_gives_the_same_answers(here, tmp_path):
    compiler, emulator = "aarch64-linux-gnu-gcc", "qemu-aarch64-static"
    if shutil.which(compiler) is None or shutil.which(emulator) is None:
        missing("arm64", f"{compiler} or {emulator} is not installed")
    assert output(emulator, build(compiler, tmp_path / "arm64", "-static")) == here


def test_the_module_compiles_for_arm64(tmp_path):
    compiler = "aarch64-linux-gnu-gcc"
    if shutil.which(compiler) is None:
        missing("arm64", f"{compiler} is not installed")
    include = sysconfig.get_path("include")
    module = ROOT / "native" / "module.c"
    options = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{include}"]
    ran = subprocess.run([compiler, *options, module], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
