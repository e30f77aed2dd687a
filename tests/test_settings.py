"""Settings: all are explained, and those that cannot be used are answered with a sentence."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from config.env import setting_names

ROOT = Path(__file__).resolve().parent.parent
READERS = {"str", "list", "choice", "flag", "number", "http_url", "get", "networks", "provider_url"}


def variables_read() -> set[str]:
    """The names that config/settings.py and config/env.py ask the environment for."""
    found = set()
    for name in ("settings.py", "env.py"):
        for node in ast.walk(ast.parse((ROOT / "config" / name).read_text())):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                for argument in node.args[:2] if called in READERS else []:
                    if isinstance(argument, ast.Constant) and str(argument.value).isupper():
                        found.add(str(argument.value))
    return found - {"ENGINE", "NAME", "OPTIONS"}


def manage(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run manage.py with these settings and no others."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HANDOFFS_ENV_FILE": "", **settings},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_variable_read_is_explained_and_every_explained_one_is_read():
    assert set(setting_names(base_dir=ROOT)) == variables_read()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set; put a long random text"),
        ({"DATABASE_URL": "nonsense"}, "DATABASE_URL"),
        ({"DATABASE_URL": "mysql://root:hush@127.0.0.1/handoffs"}, "DATABASE_URL names neither a PostgreSQL nor"),
        ({"DATABASE_URL": "postgres://u:hush@host:port/handoffs"}, "DATABASE_URL cannot be read; write postgres://"),
        ({"REDIS_URL": "http://127.0.0.1"}, "REDIS_URL cannot be read; write redis://"),
        ({"REDIS_URL": "redis://127.0.0.1:port/0"}, "REDIS_URL cannot be read; write redis://"),
        ({"SITE_URL": "handoffs.example"}, "SITE_URL is 'handoffs.example', which is no web address"),
        ({"HANDOFFS_DEMO": "maybe"}, "HANDOFFS_DEMO is 'maybe', which is neither yes nor no"),
        ({"BROKER_SOCKET_TIMEOUT": "soon"}, "BROKER_SOCKET_TIMEOUT is 'soon', which is not a whole number"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL is 'LOUD'; set it to INFO, DEBUG"),
        ({"OIDC_ISSUER": "https://id.example"}, "Company sign-in lacks OIDC_CLIENT_ID, OIDC_CLIENT_SECRET,"),
        ({"OIDC_TOKEN_URL": "http://id.example/token"}, "but people's sign-ins go there; write it with https://."),
        ({"PASSWORD_SIGN_IN": "false"}, "PASSWORD_SIGN_IN is off and there is no OIDC_ISSUER, so nobody could sign in"),
        ({"METRICS_NETWORKS": "10.0.0.0/8, here"}, "METRICS_NETWORKS holds 'here', which is no address"),
        ({"HANDOFFS_ENV_FILE": "/no/such/file"}, "HANDOFFS_ENV_FILE names /no/such/file, which is not a file"),
    ],
)
def test_a_setting_that_cannot_be_used_is_one_sentence_and_exit_code_2(
    settings: dict[str, str], sentence: str, tmp_path: Path
):
    answer = manage("check", **{"SECRET_KEY": "x" * 50, "HANDOFFS_DATA_DIR": str(tmp_path)} | settings)
    assert answer.returncode == 2
    assert sentence in answer.stderr
    assert answer.stderr.count("\n") == 1, answer.stderr
    assert "hush" not in answer.stderr, "a password is never repeated"


def test_the_demo_makes_its_own_key_once_and_for_its_owner_alone(tmp_path: Path):
    show = ("shell", "-v", "0", "-c", "from django.conf import settings; print(settings.SECRET_KEY)")
    first = manage(*show, HANDOFFS_DEMO="true", HANDOFFS_DATA_DIR=str(tmp_path))
    second = manage(*show, HANDOFFS_DEMO="true", HANDOFFS_DATA_DIR=str(tmp_path))
    assert len(first.stdout.strip()) > 50, first.stderr
    assert first.stdout == second.stdout
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_a_secret_may_begin_with_a_dollar_sign(tmp_path: Path):
    show = ("shell", "-v", "0", "-c", "from django.conf import settings; print(settings.SECRET_KEY)")
    answer = manage(*show, SECRET_KEY="$UNSET-and-long", HANDOFFS_DATA_DIR=str(tmp_path))
    assert answer.stdout == "$UNSET-and-long\n", answer.stderr


def test_an_env_file_fills_gaps_and_the_environment_wins(tmp_path: Path):
    (tmp_path / "mine.env").write_text("SECRET_KEY=from-the-file-and-long\nCOMPANY_NAME='Acme #1'\n")
    code = "from django.conf import settings; print(settings.SECRET_KEY, settings.COMPANY_NAME)"
    files = {"HANDOFFS_ENV_FILE": str(tmp_path / "mine.env"), "HANDOFFS_DATA_DIR": str(tmp_path)}
    answer = manage("shell", "-v", "0", "-c", code, **files)
    assert answer.stdout == "from-the-file-and-long Acme #1\n", answer.stderr
    answer = manage("shell", "-v", "0", "-c", code, **files, SECRET_KEY="from-the-environment")
    assert answer.stdout == "from-the-environment Acme #1\n", answer.stderr


def test_commands_in_another_terminal_find_the_running_demo(tmp_path: Path):
    (tmp_path / "empty.env").write_text("")
    (tmp_path / "demo.env").write_text("HANDOFFS_DEMO='true'\nSLACK_BASE_URL='http://127.0.0.1:4711/api/'\n")
    code = "from django.conf import settings; print(settings.SLACK_BASE_URL)"
    files = {"HANDOFFS_ENV_FILE": str(tmp_path / "empty.env"), "HANDOFFS_DATA_DIR": str(tmp_path)}
    assert manage("shell", "-v", "0", "-c", code, **files).stdout == "http://127.0.0.1:4711/api/\n"


def test_a_site_on_https_has_cookies_bound_to_its_host_and_redirects(tmp_path: Path):
    code = (
        "from django.conf import settings as s; print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, "
        "s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_SSL_REDIRECT, s.SECURE_HSTS_SECONDS > 0)"
    )
    key = {"SECRET_KEY": "x" * 50, "HANDOFFS_DATA_DIR": str(tmp_path)}
    answer = manage("shell", "-v", "0", "-c", code, SITE_URL="https://handoffs.example", **key)
    assert answer.stdout == "__Host-sessionid __Host-csrftoken True True True True\n", answer.stderr
    answer = manage("shell", "-v", "0", "-c", code, **key)
    assert answer.stdout == "sessionid csrftoken False False False False\n", answer.stderr


@pytest.mark.sqlite
@pytest.mark.django_db
def test_a_connection_is_opened_as_reliability_needs_it():
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA journal_mode")
            assert cursor.fetchone() == ("wal",)
            cursor.execute("PRAGMA foreign_keys")
            assert cursor.fetchone() == (1,)
            assert connection.settings_dict["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
        else:
            cursor.execute("SHOW idle_in_transaction_session_timeout")
            assert cursor.fetchone() == ("1min",)
            cursor.execute("SHOW join_collapse_limit")
            assert cursor.fetchone() == ("4",)
