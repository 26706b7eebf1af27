"""A stand-in for an interface of the UK's National Crime Agency. It is NOT the agency's: none is
published, and this contract is our own, made of the portal's form.

    with Server(clock=clock) as server:
        …  # a client of server.url
        assert len(server.reports) == 1

`tutela testserver nca` runs one.
"""

from tutela.testing.nca.server import Filed, Server

__all__ = ["Filed", "Server"]
