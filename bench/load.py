"""A small load generator over loopback: readers who each come, ask for one page on a connection of their own, and go."""

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
    readers: int = 8,
    headers: str = "",
    status: int = 200,
) -> float:
    """Ask for `path(n)`, n counting up over all readers, for `seconds`; fails on any answer but `status`."""
    counter, done, errors = itertools.count(), [0] * readers, []
    until = time.monotonic() + seconds

    def run(number: int) -> None:
        try:
            while time.monotonic() < until:
                with socket.create_connection(("127.0.0.1", port)) as line:
                    _ask(line, port, path(next(counter)), headers, status)
                done[number] += 1
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=[number]) for number in range(readers)]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return sum(done) / (time.monotonic() - start)


def _ask(line: socket.socket, port: int, path: str, headers: str, status: int) -> None:
    """One request and its whole answer."""
    line.sendall(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: bench\r\n{headers}Connection: close\r\n\r\n".encode()
    )
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += _more(line)
    head, _, body = answer.partition(b"\r\n\r\n")
    if not head.startswith(f"HTTP/1.1 {status}".encode()):
        raise RuntimeError(f"{path} was answered: {head.decode(errors='replace')} {body[:500]!r}")
    if status == 304:  # which has no body
        return
    missing = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]) - len(body)
    while missing > 0:
        missing -= len(_more(line))


def _more(line: socket.socket) -> bytes:
    data = line.recv(262_144)
    if not data:
        raise RuntimeError("The server hung up.")
    return data
