"""A stand-in for HMA 2 ("OpenMediaMatch"), as it was recorded, with its faults. It is NOT HMA.

with Hma() as server:
    server.bank("BICYCLES")
    number = server.put("BICYCLES", {"pdq": "0f" * 32}, note="in the rain")
"""

from tutela.testing.hma.server import Hma
from tutela.testing.hma.state import Held

__all__ = ["Held", "Hma"]
