"""A small load generator over loopback. Each request opens its own connection and closes it afterwards."""

import itertools
import socket
import threading
import time
from collections.abc import Callable


def requests_per_second(
    port: int,
    path: Callable[[int], str],
    *,
    seconds: float = 3,
    threads: int = 8,
    headers: str = "",
    status: int = 200,
) -> float:
    """Request `path(n)` from several threads for `seconds`, with n counting up across them.

    Raises RuntimeError if a response has any other status than `status`.
    """
    counter, completed, errors = itertools.count(), [0] * threads, []
    until = time.monotonic() + seconds

    def run(number: int) -> None:
        try:
            while time.monotonic() < until:
                with socket.create_connection(("127.0.0.1", port)) as connection:
                    _request(connection, port, path(next(counter)), headers, status)
                completed[number] += 1
        except Exception as error:
            errors.append(error)

    running = [threading.Thread(target=run, args=[number]) for number in range(threads)]
    start = time.monotonic()
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    if errors:
        raise errors[0]
    return sum(completed) / (time.monotonic() - start)


def _request(connection: socket.socket, port: int, path: str, headers: str, status: int) -> None:
    """Send one request and read the whole response."""
    connection.sendall(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: bench\r\n{headers}Connection: close\r\n\r\n".encode()
    )
    response = b""
    while b"\r\n\r\n" not in response:
        response += _read(connection)
    head, _, body = response.partition(b"\r\n\r\n")
    if not head.startswith(f"HTTP/1.1 {status}".encode()):
        raise RuntimeError(f"{path} returned {head.decode(errors='replace')} {body[:500]!r}")
    if status == 304:  # has no body
        return
    missing = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]) - len(body)
    while missing > 0:
        missing -= len(_read(connection))


def _read(connection: socket.socket) -> bytes:
    data = connection.recv(262_144)
    if not data:
        raise RuntimeError("The server closed the connection.")
    return data
