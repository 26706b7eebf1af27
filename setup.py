"""Builds the optional C extension; everything else is in pyproject.toml.

The extension is optional: where no compiler is found, the package installs without it and the
numpy fallback gives the same answers, more slowly. It is one wheel for every Python from 3.11
(stable ABI) and every processor of an architecture (the hot loops are chosen at run time).
"""

import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel


class StableAbiWheel(bdist_wheel):
    def finalize_options(self) -> None:
        self.py_limited_api = "cp311"
        super().finalize_options()


# No contraction into fused multiply-adds: every processor must round alike (native/pdq.h).
FLAGS = (
    [] if sys.platform == "win32" else ["-O3", "-std=c11", "-ffp-contract=off", "-Wall", "-Wextra"]
)

setup(
    cmdclass={"bdist_wheel": StableAbiWheel},
    ext_modules=[
        Extension(
            "tutela._native",
            sources=sorted(map(str, Path("native").glob("*.c"))),
            depends=sorted(map(str, Path("native").glob("*.h"))),
            extra_compile_args=FLAGS,
            py_limited_api=True,
            optional=True,
        )
    ],
)
