"""Index files of every layout: a test that uses one of these runs on each, or on those it names."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from banks import indexes
from banks.indexes import LAYOUTS
from tutela.banks.index_files import IndexFiles


@pytest.fixture(params=LAYOUTS.values(), ids=LAYOUTS)
def layout(request):
    return request.param


@pytest.fixture
def uniform(layout):
    """Random values of the layout's width, from a seed and a count."""
    return lambda seed, count: indexes.uniform(seed, count, layout.width)


@pytest.fixture
def none(uniform):
    return uniform(0, 0)


@pytest.fixture
def files(tmp_path, layout) -> IndexFiles:
    return IndexFiles(tmp_path / "index" / "pdq", layout)


@pytest.fixture
def current(files, uniform) -> Path:
    """The current file of an index that has one."""
    return files.build(uniform(1, 300), 5).path


@pytest.fixture
def python(layout):
    """Starts another process that runs some code on the `files` in the folder that it is given."""
    started = []
    (written,) = (text for text, kind in LAYOUTS.items() if kind == layout)
    preface = (
        "import sys; from pathlib import Path; import numpy as np\n"
        "from tutela.banks.index_files import *; from tutela.matching.layouts import *\n"
        f"files = IndexFiles(Path(sys.argv[1]), {written})\n"
        "def uniform(seed, count):\n"
        "    shape = (count, files.layout.width)\n"
        "    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)\n"
    )

    def start(code, *arguments, **environment):
        process = subprocess.Popen(
            [sys.executable, "-c", preface + code, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        with process:
            process.kill()
