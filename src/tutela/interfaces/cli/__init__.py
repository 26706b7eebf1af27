"""The command line. Each command's module is imported only when it runs."""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Run `tutela`. Exit codes: 0 fine, 1 refused or not found, 2 usage, 3 something is broken."""
    gc.set_threshold(50_000)  # what is imported stays: to look at it often took a third of a start
    from tutela.errors import TutelaError
    from tutela.interfaces.cli.app import app

    _open_outputs()
    try:
        app()
        sys.stdout.flush()
    except TutelaError as error:
        print(f"tutela: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except OSError as error:  # those of files were caught where they were opened
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nothing more to a reader that went away
        if not isinstance(error, BrokenPipeError):
            print(f"tutela: the output cannot be written: {error.strerror}.", file=sys.stderr)
        sys.exit(1)
    except Exception as error:  # a fault of ours: one sentence for the user, not a trace
        if os.environ.get("TUTELA_DEBUG") == "1":
            raise
        if isinstance(error, UnicodeEncodeError) or isinstance(error.__cause__, UnicodeEncodeError):
            # names of files may have any bytes; what is stored may not
            print("tutela: a word of this command is not UTF-8.", file=sys.stderr)
            sys.exit(2)
        print(
            f"tutela: this is a fault of Tutela ({type(error).__name__}), not of your files. "
            "Set TUTELA_DEBUG=1 to see where, and report it.",
            file=sys.stderr,
        )
        sys.exit(3)
    finally:
        gc.freeze()  # the process ends: nothing is gained by finding what nobody holds


def _open_outputs() -> None:
    """What is printed goes where it belongs, or the command ends: never into the other stream."""
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123 - open until the process ends
    if sys.stdout is None:
        print("tutela: there is no standard output.", file=sys.stderr)
        sys.exit(1)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr] # names may have any letter
