"""Fixtures: the stand-ins as processes, one set for each test worker, emptied for each test."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from pytest_django.fixtures import Settings

from handoffs.connectors import configured
from tests.fakes import oidc

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Fake:
    """A running stand-in, as tests see it: over HTTP, like everybody else."""

    name: str
    url: str
    process: subprocess.Popen[str]
    client: httpx.Client

    def reset(self) -> None:
        """An empty world; rows of earlier tests are no longer seen."""
        self._post("/_reset", {})

    def fault(self, kind: str, **order: Any) -> None:
        """Order a fault; see tests/fakes/faults.py for the kinds and their details."""
        self._post("/_faults", {"kind": kind, **order})

    def clear_faults(self) -> None:
        """Withdraw all orders."""
        self.client.delete("/_faults").raise_for_status()

    def open_faults(self) -> list[dict[str, Any]]:
        """The orders that have not struck as often as they were to."""
        orders: list[dict[str, Any]] = self.client.get("/_faults").raise_for_status().json()
        return orders

    def let_go(self) -> None:
        """Go on at once with calls that a fault is holding."""
        self._post("/_release", {})

    def script(self, **values: Any) -> None:
        """Tell the stand-in about its world; its module says what it understands."""
        self._post("/_script", values)

    def rows(self, *, path: str = "", took_effect: bool | None = None) -> list[dict[str, Any]]:
        """The ledger since the reset: rows whose path ends in `path`, and that did or did not take effect."""
        rows: list[dict[str, Any]] = self.client.get("/_ledger").raise_for_status().json()
        return [
            row
            for row in rows
            if row["path"].endswith(path) and (took_effect is None or row["took_effect"] == took_effect)
        ]

    def effects(self, *, path: str = "") -> list[dict[str, Any]]:
        """What took effect, oldest first: messages posted, mails sent."""
        return [row["effect"] for row in self.rows(path=path, took_effect=True)]

    def get(self, path: str) -> httpx.Response:
        """A page for people."""
        return self.client.get(path)

    def _post(self, path: str, body: dict[str, Any]) -> None:
        self.client.post(path, json=body).raise_for_status()


@contextlib.contextmanager
def running(name: str, *, data: Path, port: int = 0) -> Iterator[Fake]:
    """The stand-in of that name as a process of its own, on a free port unless one is given."""
    command = [sys.executable, "-m", f"tests.fakes.{name}", "--port", str(port), "--data", str(data)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = f"http://127.0.0.1:{int(process.stdout.readline())}"
        with httpx.Client(base_url=url, trust_env=False, timeout=10) as client:
            yield Fake(name=name, url=url, process=process, client=client)
    finally:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.fixture(scope="session")
def slack_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fake]:
    """One process for all tests of this worker; ask for `fake_slack` instead."""
    with running("slack", data=tmp_path_factory.mktemp("slack")) as fake:
        yield fake


@pytest.fixture(scope="session")
def resend_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fake]:
    """One process for all tests of this worker; ask for `fake_resend` instead."""
    with running("resend", data=tmp_path_factory.mktemp("resend")) as fake:
        yield fake


@pytest.fixture(scope="session")
def lifecycle_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fake]:
    """One process for all tests of this worker; ask for `fake_lifecycle` instead."""
    with running("lifecycle", data=tmp_path_factory.mktemp("lifecycle")) as fake:
        yield fake


@pytest.fixture
def fresh_connectors() -> Iterator[None]:
    """The connectors of a process are made once; here each test has its own, made from its own settings."""
    made_once = (configured.crm, configured.lifecycle, configured.messaging, configured.email)
    for port in made_once:
        port.cache_clear()
    yield
    for port in made_once:
        port.cache_clear()


@pytest.fixture
def fake_slack(slack_process: Fake, settings: Settings, fresh_connectors: None) -> Fake:
    """An empty Slack, and settings that point at it."""
    slack_process.reset()
    settings.SLACK_BASE_URL = f"{slack_process.url}/api/"
    settings.SLACK_BOT_TOKEN = "xoxb-test"
    return slack_process


@pytest.fixture
def fake_resend(resend_process: Fake, settings: Settings, fresh_connectors: None) -> Fake:
    """A Resend that has sent nothing, and settings that point at it."""
    resend_process.reset()
    settings.RESEND_API_URL = resend_process.url
    settings.RESEND_API_KEY = "re_test"
    return resend_process


@pytest.fixture
def fake_lifecycle(lifecycle_process: Fake, settings: Settings, fresh_connectors: None) -> Fake:
    """A lifecycle system that knows nobody, and settings that point at it."""
    lifecycle_process.reset()
    settings.LIFECYCLE_URL = lifecycle_process.url
    settings.LIFECYCLE_TOKEN = "lc_test"
    return lifecycle_process


@pytest.fixture(scope="session")
def oidc_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fake]:
    """One process for all tests of this worker; ask for `fake_oidc` instead."""
    with running("oidc", data=tmp_path_factory.mktemp("oidc")) as fake:
        yield fake


@pytest.fixture
def fake_oidc(oidc_process: Fake, settings: Settings) -> Fake:
    """A sign-in provider at which nobody has signed in, and settings that point at it."""
    oidc_process.reset()
    settings.OIDC_ISSUER = oidc.ISSUER
    settings.OIDC_RP_CLIENT_ID = oidc.CLIENT
    settings.OIDC_RP_CLIENT_SECRET = oidc.SECRET
    settings.OIDC_OP_AUTHORIZATION_ENDPOINT = f"{oidc_process.url}/authorize"
    settings.OIDC_OP_TOKEN_ENDPOINT = f"{oidc_process.url}/token"
    settings.OIDC_OP_USER_ENDPOINT = f"{oidc_process.url}/userinfo"
    settings.OIDC_OP_JWKS_ENDPOINT = f"{oidc_process.url}/jwks"
    settings.AUTHENTICATION_BACKENDS = [
        *settings.AUTHENTICATION_BACKENDS,
        "handoffs.connectors.company_sign_in.CompanySignIn",
    ]
    return oidc_process


@pytest.fixture
def short_timeout(settings: Settings) -> float:
    """Calls to outside systems end after a second."""
    settings.CONNECTOR_TIMEOUT = 1.0
    return 1.0
