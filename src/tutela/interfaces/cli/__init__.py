"""The command line. Each command's module is imported only when it runs."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run `tutela`. Exit codes: 0 fine, 1 refused or not found, 2 usage, 3 something is broken."""
    from tutela.errors import TutelaError
    from tutela.interfaces.cli.app import app

    try:
        app()
    except TutelaError as error:
        print(f"tutela: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if os.environ.get("TUTELA_DEBUG") == "1":
            raise
        print(
            f"tutela: this is a fault of Tutela ({type(error).__name__}), not of your files. "
            "Set TUTELA_DEBUG=1 to see where, and report it.",
            file=sys.stderr,
        )
        sys.exit(3)
