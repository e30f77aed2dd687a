"""Reads settings from the environment; one that cannot be used is answered with a sentence."""

import os
import re
import secrets
import warnings
from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

POSTGRESQL = "django.db.backends.postgresql"
SQLITE = "django.db.backends.sqlite3"
COMPANY_SIGN_IN = tuple(
    f"OIDC_{name}"
    for name in (
        *("ISSUER", "CLIENT_ID", "CLIENT_SECRET"),
        *("AUTHORIZATION_URL", "TOKEN_URL", "USERINFO_URL", "JWKS_URL"),
    )
)


class Environment(environ.Env):
    """django-environ without its `$NAME` indirection: a password may begin with a dollar sign."""

    def str(self, var: str, default: str = "", multiline: bool = False) -> str:
        """The text of a variable as it stands, or the default when it is not set."""
        return os.environ.get(var, default)


def setting_names(*, base_dir: Path) -> list[str]:
    """Every variable that configures the product, as .env.example lists them."""
    text = (base_dir / ".env.example").read_text()
    return re.findall(r"^#?([A-Z][A-Z0-9_]*)=", text, flags=re.MULTILINE)


def load_env_files(env: Environment, *, base_dir: Path) -> None:
    """Fill gaps of the environment from `.env` (or HANDOFFS_ENV_FILE; empty means no file at all).

    A running `make run` leaves its addresses in `demo.env` of its data folder, so that commands typed in
    another terminal speak to it. What the environment already says always wins.
    """
    named = os.environ.get("HANDOFFS_ENV_FILE")
    if named == "":
        return
    if named and not Path(named).is_file():
        raise ImproperlyConfigured(
            f"HANDOFFS_ENV_FILE names {named}, which is not a file; correct the path or unset the variable."
        )
    env_file = Path(named) if named else base_dir / ".env"
    if env_file.is_file():
        env.read_env(env_file)
    demo_file = data_dir(env, base_dir=base_dir) / "demo.env"
    if demo_file.is_file():
        env.read_env(demo_file)


def data_dir(env: Environment, *, base_dir: Path) -> Path:
    """The folder for everything the product writes to disk: HANDOFFS_DATA_DIR, or `var` beside manage.py."""
    return Path(env.str("HANDOFFS_DATA_DIR") or base_dir / "var").expanduser().resolve()


def flag(env: Environment, name: str, *, default: bool) -> bool:
    """A yes/no variable; anything that is neither is refused rather than read as no."""
    text = env.str(name).strip().lower()
    if text == "":
        return default
    if text in {"1", "true", "yes", "on"}:
        return True
    if text in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} is '{text}', which is neither yes nor no; set it to true or false.")


def choice(env: Environment, name: str, *, among: tuple[str, ...], default: str) -> str:
    """One of a few words, in any case."""
    word = env.str(name).strip().upper() or default
    if word not in among:
        raise ImproperlyConfigured(f"{name} is '{word}'; set it to {', '.join(among[:-1])} or {among[-1]}.")
    return word


def number(env: Environment, name: str, *, default: int, least: int = 0, most: int | None = None) -> int:
    """A whole number within bounds."""
    text = env.str(name).strip() or str(default)
    if not text.isdecimal():
        raise ImproperlyConfigured(f"{name} is '{text}', which is not a whole number; set one or unset it.")
    if int(text) < least or (most is not None and int(text) > most):
        raise ImproperlyConfigured(
            f"{name} is {text}; set it to {least} at least" + (f" and {most} at most." if most else ".")
        )
    return int(text)


def provider_url(env: Environment, name: str) -> str:
    """An https address of the sign-in provider (plain http only on this machine); empty when it is not set."""
    if not env.str(name):
        return ""
    url = http_url(env, name, default="")
    if not url.startswith("https://") and urlsplit(url).hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise ImproperlyConfigured(f"{name} is '{url}', but people's sign-ins go there; write it with https://.")
    return url


def check_company_sign_in(env: Environment, *, with_password: bool) -> None:
    """All of a provider's settings or none, its package installed, some way in left. Raises ImproperlyConfigured."""
    missing = [name for name in COMPANY_SIGN_IN if not env.str(name)]
    if len(missing) == len(COMPANY_SIGN_IN):
        if not with_password:
            raise ImproperlyConfigured(
                "PASSWORD_SIGN_IN is off and there is no OIDC_ISSUER, so nobody could sign in; set one of them."
            )
        return
    if missing:
        raise ImproperlyConfigured(
            f"Company sign-in lacks {', '.join(missing)}; set all of the OIDC_ addresses and credentials, or none."
        )
    if find_spec("mozilla_django_oidc") is None:
        raise ImproperlyConfigured(
            "OIDC_ISSUER is set, but the package for company sign-in is not installed; "
            "run `pip install --require-hashes -r requirements-oidc.lock`, or unset the OIDC_ variables."
        )


def networks(env: Environment, name: str) -> list[IPv4Network | IPv6Network]:
    """Addresses or networks, separated by commas."""
    found = []
    for part in filter(None, (each.strip() for each in env.str(name).split(","))):
        try:
            found.append(ip_network(part, strict=False))
        except ValueError:
            raise ImproperlyConfigured(
                f"{name} holds '{part}', which is no address or network; write them like 10.0.0.0/8, 192.0.2.7."
            ) from None
    return found


def secret_key(env: Environment, *, demo: bool, directory: Path) -> str:
    """SECRET_KEY; only the demo and debug mode make one for themselves, kept in the data folder."""
    key = env.str("SECRET_KEY")
    if key:
        return key
    if demo:
        return kept_secret_key(directory=directory)
    raise ImproperlyConfigured(
        "SECRET_KEY is not set; put a long random text into the environment "
        "(python -c 'import secrets; print(secrets.token_urlsafe(50))'), "
        "or, to try things out, start the demo with `make run` first."
    )


def kept_secret_key(*, directory: Path) -> str:
    """The random key of this data folder, made once, readable by its owner alone."""
    path = directory / "secret_key"
    directory.mkdir(parents=True, exist_ok=True)
    fresh = directory / f"secret_key.{os.getpid()}"
    if not path.is_file():
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.write(secrets.token_urlsafe(50))
        try:
            os.link(fresh, path)  # Fails if another process was first: then its key counts.
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text().strip()


def database(env: Environment, *, directory: Path) -> dict[str, Any]:
    """Django's database settings from DATABASE_URL: PostgreSQL, or SQLite (the default, inside the data
    folder).
    """
    url = env.str("DATABASE_URL") or f"sqlite:///{directory / 'handoffs.sqlite3'}"
    way_out = (
        "write postgres://user:password@host:5432/name (special characters of the password as %XX) "
        "or sqlite:////absolute/path.sqlite3, or unset it to use SQLite in the data folder."
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # It warns of what we refuse below, and shows the password.
            settings: dict[str, Any] = dict(Environment.db_url_config(url))
    except (ValueError, ImproperlyConfigured, KeyError) as problem:
        raise ImproperlyConfigured(f"DATABASE_URL cannot be read; {way_out}") from problem
    # The address may hold a password, so no message repeats it.
    if settings.get("ENGINE") not in {POSTGRESQL, SQLITE} or not settings.get("NAME"):
        raise ImproperlyConfigured(f"DATABASE_URL names neither a PostgreSQL nor a SQLite database; {way_out}")
    settings["CONN_MAX_AGE"] = number(env, "CONN_MAX_AGE", default=0)
    settings["CONN_HEALTH_CHECKS"] = True
    options = dict(settings.get("OPTIONS", {}))
    if settings["ENGINE"] == SQLITE:
        # A transaction that starts reading and writes later would otherwise die with "database is locked".
        # Without the second pragma INSERT OR REPLACE deletes past the triggers that keep the log from changing.
        pragmas = "PRAGMA journal_mode=WAL; PRAGMA recursive_triggers=ON"
        options |= {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": pragmas}
        # Tests get a file as well: in memory, threads and processes would not meet each other's locks.
        settings["TEST"] = {"NAME": f"{settings['NAME']}.test"}
        folder = Path(settings["NAME"]).parent
        if settings["NAME"] != ":memory:" and folder == directory:
            folder.mkdir(parents=True, exist_ok=True)
    else:
        options.setdefault("connect_timeout", 5)
        options.setdefault("application_name", "handoffs")
        # A process that froze inside a transaction must not hold its locks for ever. Joins here follow keys from the
        # row that is asked for: over ten of them, weighing every order took ten times as long as answering.
        options.setdefault("options", "-c idle_in_transaction_session_timeout=60000 -c join_collapse_limit=4")
    settings["OPTIONS"] = options
    return settings


def redis_url(env: environ.Env) -> str:
    """REDIS_URL, the address of the Redis or Valkey server that carries Celery's messages."""
    url = env.str("REDIS_URL") or "redis://127.0.0.1:6379/0"
    try:
        parts = urlsplit(url)
        readable = parts.scheme in {"redis", "rediss"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        readable = False
    if not readable:
        raise ImproperlyConfigured("REDIS_URL cannot be read; write redis://host:6379/0, or rediss:// for TLS.")
    return url


def http_url(env: Environment, name: str, *, default: str) -> str:
    """An http(s) address of an outside system, as given."""
    url = env.str(name) or default
    try:
        parts = urlsplit(url)
        readable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        readable = False
    if not readable:
        raise ImproperlyConfigured(f"{name} is '{url}', which is no web address; write it as https://host/path.")
    return url
