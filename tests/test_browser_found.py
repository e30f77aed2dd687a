"""Browser tests run where there is a Chromium, say so where there is none, and fail where one is required."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.browser
def test_the_browser_of_this_machine_shows_a_page(browser: Browser):
    page = browser.new_page()
    page.set_content("<title>Handoffs</title>")
    assert page.title() == "Handoffs"
    page.close()


def run_without_chromium(**more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", __file__, "-k", "shows_a_page"],
        cwd=ROOT,
        env={**os.environ, "PATH": "/nowhere", "HANDOFFS_REQUIRE_BROWSER": "0", **more},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_a_chromium_the_run_says_in_one_line_that_browser_tests_did_not_run():
    answer = run_without_chromium()
    assert answer.returncode == 0
    assert "1 skipped" in answer.stdout
    assert answer.stdout.count("Browser tests did not run: no Chromium was found on the PATH") == 1


def test_where_a_browser_is_required_its_absence_is_a_failure():
    answer = run_without_chromium(HANDOFFS_REQUIRE_BROWSER="1")
    assert answer.returncode == 1
    assert "Browser tests are required, but no Chromium was found" in answer.stdout
