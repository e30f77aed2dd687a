"""The HTTP side of a stand-in: reads calls, sends replies, and spoils them as faults order.

Beside what it stands in for, each serves /healthz, /_ledger, /_faults, /_script, /_release and /_reset for tests,
and pages for people at /.
"""

from __future__ import annotations

import argparse
import json
import signal
import socket
import sys
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.fakes.exchange import Call, Page, Reply
from tests.fakes.faults import Fault
from tests.fakes.ledger import LedgerTakenError
from tests.fakes.system import FakeSystem

MAX_BODY = 2_000_000
OVERSIZED = 2_000_000
JSON = "application/json; charset=utf-8"


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "StandIn"
    timeout = 120
    # Head and body are two writes; without this the second waits 40 ms for the first to be acknowledged.
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def do_DELETE(self) -> None:
        self._handle()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so.
        """Quiet: the ledger says it all."""

    def _handle(self) -> None:
        with suppress(ConnectionError, TimeoutError):
            call = self._read_call()
            if call is None:
                self._send_json(413, {"error": "The body is too large."})
            elif call.path == "/healthz":
                self._send_json(200, {"ok": True, "system": self.server.system.name})
            elif call.path.startswith("/_"):
                self._send_json(*self._control(call))
            elif page := self._page(call):
                self._send_page(page)
            else:
                self._deliver(*self.server.system.work(call))

    def _page(self, call: Call) -> Page | None:
        """What a person in a browser asked for, if it was one."""
        if call.method == "GET":
            return self.server.system.page(call)
        is_form = call.method == "POST" and self._is_from_our_page(call)
        return self.server.system.pressed(call) if is_form else None

    @staticmethod
    def _is_from_our_page(call: Call) -> bool:
        """A form of our own page; another site's would name another origin, and a program names none."""
        return call.headers.get("origin", "") == f"http://{call.headers.get('host', '')}"

    def _read_call(self) -> Call | None:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        length = int(headers.get("content-length") or 0)
        if length > MAX_BODY:
            self.close_connection = True
            return None
        raw = self.rfile.read(length)
        return Call(
            method=self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query)),
            headers=headers,
            body=_parsed(raw, kind=headers.get("content-type", "")),
        )

    def _control(self, call: Call) -> tuple[int, Any]:
        """What tests ask. JSON only, which a page of another site cannot send without asking us first."""
        served = self.server.system
        if call.method == "POST" and not call.headers.get("content-type", "").startswith("application/json"):
            return 415, {"error": "Send application/json."}
        match call.method, call.path:
            case "GET", "/_ledger":
                return 200, served.rows(after=int(call.query.get("after", 0)))
            case "GET", "/_faults":
                return 200, served.faults.listed()
            case "DELETE", "/_faults":
                served.faults.clear()
                return 200, []
            case "POST", "/_faults":
                try:
                    return 200, {"id": served.faults.add(call.body).id}
                except (TypeError, ValueError) as error:
                    return 400, {"error": str(error)}
            case "POST", "/_script":
                served.script(call.body)
                return 200, {"ok": True}
            case "POST", "/_release":
                served.let_go()
                return 200, {"ok": True}
            case "POST", "/_reset":
                served.reset()
                return 200, {"ok": True}
        return 404, {"error": f"There is no {call.method} {call.path}."}

    def _deliver(self, reply: Reply, fault: Fault | None) -> None:
        match fault.kind if fault else "":
            case "timeout_before_effect" | "timeout_after_effect":
                self.server.system.release.wait(fault.lasts if fault else 0)
                self._hang_up()
            case "drop":
                self._hang_up()
            case "malformed":
                self._send(200, b'{"ok": true, "id": ', kind=JSON)
            case "oversized":
                self._send(200, json.dumps({"ok": True, "padding": "x" * OVERSIZED}).encode(), kind=JSON)
            case "drip":
                self._drip(json.dumps(reply.body).encode(), seconds=fault.lasts if fault else 0)
            case "status" if fault:
                self._send_failure(fault)
            case _:
                self._send_json(reply.status, reply.body)

    def _send_failure(self, fault: Fault) -> None:
        body = self.server.system.failure(fault.status) if fault.body is None else fault.body
        headers = dict(fault.headers)
        if fault.retry_after is not None:
            headers["Retry-After"] = f"{fault.retry_after:g}"
        self._send(fault.status, json.dumps(body).encode(), kind=JSON, headers=headers)

    def _drip(self, content: bytes, *, seconds: float) -> None:
        """Never silent for long, never done: only a limit on the whole call ends this."""
        self.send_response(200)
        self.send_header("Content-Type", JSON)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        for position in range(len(content)):
            self.wfile.write(content[position : position + 1])
            self.wfile.flush()
            if self.server.system.release.wait(seconds / len(content)):
                break
        self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _send_json(self, status: int, body: Any) -> None:
        self._send(status, json.dumps(body).encode(), kind=JSON)

    def _send_page(self, page: Page) -> None:
        headers = {
            "Content-Security-Policy": page.policy,
            "Referrer-Policy": "same-origin",
            "Cache-Control": "no-store",
        }
        self._send(page.status, page.content, kind=page.kind, headers=headers)

    def _send(self, status: int, content: bytes, *, kind: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Content-Type-Options", "nosniff")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


class Server(ThreadingHTTPServer):
    """Threads, so that a held connection holds nobody else."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], system: FakeSystem) -> None:
        self.system = system
        super().__init__(address, Handler)


def serve(kind: type[FakeSystem]) -> int:
    """The command line of a stand-in: prints its port, serves until it is stopped; returns an exit code."""
    parser = argparse.ArgumentParser(description=f"A stand-in for {kind.name}; nothing it takes leaves this machine.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one and prints it")
    parser.add_argument("--data", type=Path, required=True, help="the folder of its ledger")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--script", type=json.loads, default={}, help="what /_script is told at the start, as JSON")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with Server((options.host, options.port), kind(options.data)) as server:
            if options.script:
                server.system.script(options.script)
            print(server.server_address[1], flush=True)
            server.serve_forever(poll_interval=0.1)
    except LedgerTakenError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"Port {options.port} cannot be opened ({error.strerror}); choose another with --port.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        pass
    return 0


def _parsed(raw: bytes, *, kind: str) -> dict[str, Any]:
    """JSON or a form; in a form, values that look like JSON lists or objects are such, as at Slack."""
    if kind.startswith("application/x-www-form-urlencoded"):
        return {name: _from_form(value) for name, value in parse_qsl(raw.decode("utf-8", "replace"))}
    try:
        value = json.loads(raw or b"{}")
    except ValueError:
        return {"_unreadable": raw.decode("utf-8", "replace")}
    return value if isinstance(value, dict) else {"_unreadable": value}


def _from_form(value: str) -> Any:
    if value[:1] in {"[", "{"}:
        with suppress(ValueError):
            return json.loads(value)
    return value
