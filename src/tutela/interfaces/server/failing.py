"""How a role ends that cannot go on: one line that says why, and a code."""

from __future__ import annotations

import gc
import logging

from tutela.errors import TutelaError
from tutela.interfaces.server.child import Main

log = logging.getLogger(__name__)


def told(main: Main) -> int:
    """What `main` gives, or the code of its error, which is logged."""
    try:
        return main()
    except TutelaError as error:
        log.error("%s", error)
        return error.exit_code
    except KeyboardInterrupt:
        return 0
    except Exception:
        log.exception("a fault of Tutela")
        return 3
    finally:
        gc.freeze()  # the process ends: nothing is gained by finding what nobody holds
