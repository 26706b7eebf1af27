"""The socket of the web role: the supervisor opens it, so that it outlives each web process."""

from __future__ import annotations

import socket

from tutela.settings import Service

SOCKET = "SOCKET_FD_OF_TUTELA"
"""The descriptor of the socket, for a web process."""


def listen(chosen: Service) -> socket.socket:
    """A socket that listens where the settings say. Raises OSError."""
    family = socket.AF_INET6 if ":" in chosen.host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((chosen.host, chosen.port))
        opened.listen(2048)
    except BaseException:
        opened.close()
        raise
    opened.set_inheritable(True)
    return opened
