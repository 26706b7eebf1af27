"""What HMA's clients ask, in HMA's own shapes, under `/hma`. `docs/hma.md` says what differs."""

from tutela.interfaces.hma.keys import BASE, KeyInPath
from tutela.interfaces.hma.routes import as_message, hot, routes, told

__all__ = ["BASE", "KeyInPath", "as_message", "hot", "routes", "told"]
