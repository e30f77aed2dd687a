"""The one door to the network: whoever calls an outside system calls it through here.

The door opens only towards the address a connector was configured with, follows no redirect, uses no proxy,
reads at most 1 MB and ends every call after CONNECTOR_TIMEOUT seconds in all. What comes out is an `Answer`,
whatever its status, or a `ConnectorError` that says whether the other side may have done what was asked.
"""

from __future__ import annotations

import contextlib
import functools
import json
import math
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self

import httpx
from django.conf import settings

from handoffs.connectors.ports import ConnectorError

CONNECT_SECONDS = 2.0
MAX_ANSWER_BYTES = 1_000_000
# A provider that asks us to wait longer than this is asked again anyway.
MAX_RETRY_AFTER = 3600.0

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
TEMPORARY = frozenset({408, 425, 429})


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What an outside system answered. Header names are lower case."""

    system: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object. Raises ConnectorError (unknown) if it is none: the work may be done."""
        try:
            value = json.loads(self.body)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise ConnectorError(
                f"{self.system} answered with something that is no JSON; it may have done what was asked.",
                unknown=True,
            )
        return value

    def refuse_failure(self, *, credentials: str) -> None:
        """Raise ConnectorError for a status of 400 or more; `credentials` names the setting to look at."""
        if self.status < 400:
            return
        if self.status in TEMPORARY or self.status >= 500:
            raise ConnectorError(
                f"{self.system} cannot do it now (HTTP {self.status}).", retry_after=retry_after(self.headers)
            )
        if self.status in {401, 403}:
            raise ConnectorError(
                f"{self.system} refused our credentials (HTTP {self.status}): correct {credentials}.",
                permanent=True,
            )
        raise ConnectorError(f"{self.system} refused the request (HTTP {self.status}).", permanent=True)


class Door:
    """The way to one outside system: `system` is its name, `setting` the variable that holds `base_url`."""

    def __init__(self, *, system: str, base_url: str, setting: str) -> None:
        self.system = system
        self._setting = setting
        self._origin = self._checked_origin(base_url)

    def request(
        self, *, method: str, url: str, headers: Mapping[str, str] | None = None, content: bytes = b""
    ) -> Answer:
        """Ask once; never repeats by itself. `url` is absolute and must lie on the configured origin.

        Raises ConnectorError: permanent for an address that is not ours, a redirect or a request that cannot
        be written down; temporary if nothing was sent; unknown once sending had begun.
        """
        target = self._within_origin(url)
        seconds = float(settings.CONNECTOR_TIMEOUT)
        watch = _Watch(seconds=seconds)
        try:
            request = _client().build_request(
                method,
                target,
                # Nothing compressed: a small body could otherwise unfold into gigabytes.
                headers={**(headers or {}), "accept-encoding": "identity"},
                content=content,
                timeout=httpx.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds)),
                extensions={"trace": watch.trace},
            )
            with watch:
                response = _client().send(request, stream=True)
                with contextlib.closing(response):
                    body = self._read(response)
        except (httpx.LocalProtocolError, httpx.UnsupportedProtocol, UnicodeEncodeError) as error:
            raise ConnectorError(
                f"The request to {self.system} cannot be written down ({error}).", permanent=True
            ) from error
        except httpx.RequestError as error:
            raise self._failure(error, watch=watch) from error
        self._refuse_redirect(response.status_code)
        return Answer(system=self.system, status=response.status_code, headers=dict(response.headers), body=body)

    def _checked_origin(self, base_url: str) -> tuple[str, str, int | None]:
        origin = _origin(base_url)
        if origin is None or (origin[0] != "https" and origin[1] not in LOOPBACK):
            raise ConnectorError(
                f"{self._setting} is no https address, so nothing is sent to {self.system}: write https://host/.",
                permanent=True,
            )
        return origin

    def _within_origin(self, url: str) -> str:
        if _origin(url) != self._origin:
            raise ConnectorError(
                f"A request to {self.system} was about to leave for another host than {self._setting} names.",
                permanent=True,
            )
        return url

    def _read(self, response: httpx.Response) -> bytes:
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise self._unreadable("a compressed answer that was not asked for")
        body = bytearray()
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > MAX_ANSWER_BYTES:
                raise self._unreadable(f"more than {MAX_ANSWER_BYTES:,} bytes")
        return bytes(body)

    def _unreadable(self, what: str) -> ConnectorError:
        return ConnectorError(
            f"{self.system} answered with {what}, which is not read; it may have done what was asked.",
            unknown=True,
        )

    def _failure(self, error: httpx.RequestError, *, watch: _Watch) -> ConnectorError:
        if not watch.sending:
            return ConnectorError(
                f"{self.system} could not be reached at {self._origin[1]} ({error}); nothing was sent."
            )
        if watch.timed_out:
            what = f"did not answer within {watch.seconds:g} seconds"
        else:
            what = "broke the connection before it had answered"
        return ConnectorError(f"{self.system} {what}; it may have done what was asked.", unknown=True)

    def _refuse_redirect(self, status: int) -> None:
        if 300 <= status < 400:
            raise ConnectorError(
                f"{self.system} redirects us (HTTP {status}) and we follow none: correct {self._setting}.",
                permanent=True,
            )


class _Watch:
    """Ends one call after its total time, and knows whether anything had been sent by then.

    httpx limits each read, not the call: a server that sends a byte now and then could hold a worker for
    ever. At the deadline the socket is shut down under the read, which then fails at once.
    """

    def __init__(self, *, seconds: float) -> None:
        self.seconds = seconds
        self.sending = False
        self._deadline_passed = False
        self._timeout_raised = False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    @property
    def timed_out(self) -> bool:
        return self._deadline_passed or self._timeout_raised

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        self._timeout_raised = isinstance(error, httpx.TimeoutException)
        self._socket = None

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Called by httpcore at every step of the call."""
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            self._socket = info["return_value"].get_extra_info("socket")
            if self._deadline_passed:
                self._cut()
        elif event == "http11.send_request_headers.started":
            self.sending = True

    def _cut(self) -> None:
        self._deadline_passed = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                # Past the TLS layer: its own shutdown takes the state away from the thread that reads.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


@functools.cache
def _client() -> httpx.Client:
    """One client for all systems, made at first use so that forked workers have their own.

    Each call has its own connection: a kept one that the other side has just closed looks like a lost answer.
    """
    return httpx.Client(
        trust_env=False,
        verify=httpx.create_ssl_context(),  # Honours SSL_CERT_FILE, which trust_env=False alone would not.
        follow_redirects=False,
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        headers={"user-agent": "Handoffs"},
    )


def _origin(url: str) -> tuple[str, str, int | None] | None:
    """Scheme, host and port; None for what is no plain http(s) address (a user name in it counts as none)."""
    try:
        parts = httpx.URL(url)
    except (httpx.InvalidURL, TypeError):
        return None
    if parts.scheme not in {"http", "https"} or not parts.host or parts.userinfo:
        return None
    return parts.scheme, parts.host, parts.port


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds the other side asked us to wait, between 0 and an hour; None if it named none.

    `headers` have lower-case names. A date is measured against the answer's own Date, so no clock of ours is
    involved.
    """
    value = headers.get("retry-after", "")
    try:
        seconds = float(value)
    except ValueError:
        try:
            wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("date", ""))
        except (ValueError, TypeError):
            return None
        seconds = wait.total_seconds()
    return None if math.isnan(seconds) else min(max(seconds, 0.0), MAX_RETRY_AFTER)
