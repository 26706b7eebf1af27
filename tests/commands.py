"""The command `tutela` as a process of its own, without the second that it takes to import.

A process that has everything imported forks for each command: what a command gets (words,
environment, folder, standard streams) and what it gives (output, exit code) are those of
`python -m tutela`. What is to be started by another program, or changes how Python starts, is
started anew.
"""

from __future__ import annotations

import gc
import io
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout, suppress
from functools import cache
from pathlib import Path
from threading import Thread
from typing import IO

STARTS = ("PYTHON", "LANG", "LC_", "TZ", "TUTELA_NATIVE")
"""Variables whose names begin so are read while Python or a module starts."""


def run(
    arguments: Sequence[str | bytes | Path],
    environment: Mapping[str, str],
    *,
    given: bytes = b"",
    folder: Path | None = None,
    before: tuple[str, ...] = (),
    seconds: float = 120,
) -> subprocess.CompletedProcess[bytes]:
    """`tutela` with these arguments; `given` is its standard input, `before` what it is started by.

    Raises `subprocess.TimeoutExpired` if it takes longer, and ends it.
    """
    if before or _starts(environment) != _starts(os.environ):
        return subprocess.run(
            [*before, sys.executable, "-m", "tutela", *arguments], input=given,
            capture_output=True, timeout=seconds, check=False, cwd=folder, env=environment,
        )  # fmt: skip
    asked = {
        "words": [os.fsdecode(word) for word in arguments],
        "environment": dict(environment),
        "folder": str(folder or Path.cwd()),
    }
    ours, theirs = socket.socketpair()
    (stdin, to), (out, stdout), (err, stderr) = os.pipe(), os.pipe(), os.pipe()
    with (
        ours,
        os.fdopen(to, "wb") as to_,
        os.fdopen(out, "rb") as out_,
        os.fdopen(err, "rb") as err_,
    ):
        forge, process = _forge()
        socket.send_fds(forge, [b"!"], [stdin, stdout, stderr, theirs.fileno()])
        theirs.close()
        for end in (stdin, stdout, stderr):
            os.close(end)
        ours.sendall(json.dumps(asked).encode())
        ours.shutdown(socket.SHUT_WR)
        said: dict[IO[bytes], bytes] = {}
        threads = [
            Thread(target=_write, args=(to_, given)),
            *(Thread(target=_read, args=(stream, said)) for stream in (out_, err_)),
        ]
        for thread in threads:
            thread.start()
        ours.settimeout(seconds)
        told, begun = ours.makefile("r"), ""
        with suppress(ConnectionError):
            begun = told.readline()
        if not begun:
            raise RuntimeError(process.communicate()[1].decode())
        pid = int(begun)
        try:
            code = int(told.readline())
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired([*arguments], seconds) from None
        finally:
            for thread in threads:
                thread.join()
    return subprocess.CompletedProcess([*arguments], code, said[out_], said[err_])


def _write(stream: IO[bytes], data: bytes) -> None:
    with suppress(BrokenPipeError), stream:  # a command need not read all
        stream.write(data)


def _read(stream: IO[bytes], said: dict[IO[bytes], bytes]) -> None:
    said[stream] = stream.read()


def _starts(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: held for name, held in environment.items() if name.startswith(STARTS)}


@cache
def _forge() -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """Where the process that forks is asked; it ends when this one does."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    own = {name: held for name, held in os.environ.items() if not name.startswith("TUTELA_")}
    process = subprocess.Popen(
        [sys.executable, __file__, str(theirs.fileno())], pass_fds=[theirs.fileno()],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=own | _starts(os.environ) | {"OPENBLAS_NUM_THREADS": "1"},  # who forks has one thread
    )  # fmt: skip
    theirs.close()
    return ours, process


def end() -> None:
    """End the process that forks, if there is one."""
    if _forge.cache_info().currsize:
        forge, process = _forge()
        forge.close()
        process.communicate()
        _forge.cache_clear()


def _import() -> None:
    """What any command may import, and what the first session of a process works out."""
    from importlib import import_module
    from pkgutil import iter_modules

    from sqlalchemy.orm import configure_mappers

    from tutela.interfaces import cli

    for module in iter_modules(cli.__path__):
        import_module(f"{cli.__name__}.{module.name}")
    for name in ("tutela.app", "tutela.running", "alembic.command", "sqlalchemy.dialects.sqlite"):
        import_module(name)
    configure_mappers()
    with redirect_stdout(io.StringIO()), suppress(SystemExit):
        import_module("tutela.interfaces.cli.app").app(["--version"])  # what reads words is ready
    gc.collect()
    gc.freeze()  # else a fork copies all of this when its own rubbish is collected


def _serve(asked: socket.socket) -> None:
    """Fork for each command; returns in a process that is to be that command."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        message, ends, _, _ = socket.recv_fds(asked, 1, 4)
        if not message:
            os._exit(0)
        if os.fork() == 0:
            break
        for end in ends:
            os.close(end)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    asked.close()
    *streams, status = ends
    with socket.socket(fileno=status) as told:
        command = json.loads(told.makefile("rb").read())
        if pid := os.fork():
            for end in (0, 1, 2, *streams):
                os.close(end)
            told.sendall(f"{pid}\n".encode())
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            with suppress(OSError):  # nobody waits any more
                told.sendall(f"{code}\n".encode())
            os._exit(0)
    for number, end in enumerate(streams):
        os.dup2(end, number)
        os.close(end)
    os.chdir(command["folder"])
    os.environ.clear()
    os.environ.update(command["environment"])
    sys.argv[1:] = command["words"]


if __name__ == "__main__":
    from runpy import run_module

    sys.path.pop(0)  # the folder of tests, which a command does not see
    _import()
    _serve(socket.socket(fileno=int(sys.argv[1])))
    run_module("tutela", run_name="__main__", alter_sys=True)
