"""What every test may ask for: a broker of its own worker, and a browser where there is one."""

import itertools
import os
import shutil
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, Route, sync_playwright

pytest_plugins = ["tests.fakes.fixtures"]

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NO_CHROMIUM = f"no Chromium was found on the PATH ({', '.join(CHROMIUM_NAMES)}); install chromium to run them"


def find_chromium() -> str | None:
    """The path of a Chromium of this machine."""
    return next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


def pytest_configure() -> None:
    # The slowness of real password hashes protects nobody here.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    # What an experiment counted is said whether it passed or not: record_property("counted", sentence).
    for report in itertools.chain.from_iterable(terminalreporter.stats.values()):
        for name, counted in getattr(report, "user_properties", ()):
            if name == "counted" and report.when == "call":
                terminalreporter.write_line(f"Counted: {counted}.")
    if find_chromium() is None:
        terminalreporter.write_line(f"Browser tests did not run: {NO_CHROMIUM}.")


@pytest.fixture(scope="session")
def broker_url(worker_id: str) -> str:
    """REDIS_URL with a numbered database for this test process alone."""
    number = 1 + int(worker_id.removeprefix("gw")) if worker_id.startswith("gw") else 0
    parts = urlsplit(os.environ["REDIS_URL"])
    return parts._replace(path=f"/{number % 16}").geturl()


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """A Chromium; without one the test is skipped, or fails if HANDOFFS_REQUIRE_BROWSER=1."""
    found = find_chromium()
    if found is None:
        if os.environ.get("HANDOFFS_REQUIRE_BROWSER") == "1":
            pytest.fail(f"Browser tests are required, but {NO_CHROMIUM}.")
        pytest.skip(NO_CHROMIUM)
    return found


@pytest.fixture(scope="session")
def browser(chromium_path: str) -> Iterator[Browser]:
    """One Chromium for all browser tests of this process."""
    # Playwright keeps an event loop running in this thread; Django would refuse to touch the database in it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium_path, args=CHROMIUM_FLAGS)
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser, live_server) -> Iterator[Page]:
    """A fresh signed-out tab on the live server. Requests to anywhere else fail the test."""
    strangers: list[str] = []

    def stay_home(route: Route) -> None:
        if route.request.url.startswith((live_server.url, "data:")):
            route.continue_()
        else:
            strangers.append(route.request.url)
            route.abort()

    context = browser.new_context(base_url=live_server.url, locale="en-GB", timezone_id="Europe/Berlin")
    context.set_default_timeout(10_000)
    context.route("**/*", stay_home)
    yield context.new_page()
    context.close()
    let_requests_end()
    assert strangers == [], "the page asked other hosts for something"


def let_requests_end() -> None:
    """Waits, two seconds at most, for what a page asked for just before it was closed: a flush would run into it."""
    until = time.monotonic() + 2
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:
            thread.join(max(0.0, until - time.monotonic()))
