"""Ports of this machine: which are free, and whether something answers there."""

import errno
import http.client
import socket


class PortTakenError(Exception):
    """The port asked for cannot be had; the message says why and the way out."""


def chosen_port(text: str, *, host: str, default: int = 8000) -> int:
    """The port to serve pages on, from the PORT variable (empty: the default).

    Raises PortTakenError if it is no port, or if this process cannot have it.
    """
    if not text.strip():
        port = default
    elif text.strip().isdecimal() and 0 < int(text) < 65536:
        port = int(text)
    else:
        raise PortTakenError(f"PORT is '{text}', which is no port; choose a number from 1024 to 65535.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as problem:
            reason = {
                errno.EADDRINUSE: "another program uses it",
                errno.EACCES: "it is reserved for the system",
            }.get(problem.errno or 0, problem.strerror or str(problem))
            raise PortTakenError(
                f"Port {port} of {host} is not free ({reason}); choose another one: PORT={other_port(port)} make run"
            ) from problem
    return port


def other_port(port: int) -> int:
    """A port to suggest in place of a taken one."""
    return port + 1 if 1024 <= port < 65535 else 8000


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(*, host: str, port: int, path: str) -> bool:
    """Whether a GET is answered without a server error. Proxies of the environment are not asked."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
