"""A server of one's own that speaks the CyberTipline's reporting API, and breaks on demand: real
sockets, the whole life of a report, and no file kept. It is not the authority's.

    with Server(clock=clock) as server:
        server.misbehave("reset-after-submit")
        …  # a client of server.url
        assert len(server.finished) == 1

`tutela testserver cybertipline` runs one.
"""

from tutela.testing.cybertipline.handling import Request
from tutela.testing.cybertipline.misbehaving import MISBEHAVIOURS, UnknownMisbehaviour
from tutela.testing.cybertipline.reports import File, Report, State
from tutela.testing.cybertipline.server import Server

__all__ = [
    "MISBEHAVIOURS",
    "File",
    "Report",
    "Request",
    "Server",
    "State",
    "UnknownMisbehaviour",
]
