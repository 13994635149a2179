"""A port of an address, taken before anything else begins: who wants one that is taken is told so in a sentence."""

import socket

from pipelines.errors import SurroundingsError

_WAITING = 2048


def listen(host: str, port: int) -> socket.socket:
    """Take a port of an address, or any free one for 0. Raises SurroundingsError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Only of a socket that says it is TCP does every event loop send small answers at once; else each waits 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_WAITING)
    except OSError as error:
        listener.close()
        raise SurroundingsError(
            f"Nothing can listen on port {port} of {host}: {error.strerror}. "
            "Name another with --port, or end what uses it."
        ) from None
    return listener
