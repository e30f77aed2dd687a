"""The rules of the house, checked on every tracked Python file: who may import whom, and what nobody does."""

import ast
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ("routing", "sla", "handoffs", "config")
# Imports run one way: handoffs -> sla -> routing. config knows the apps; no app knows config.
MAY_IMPORT = {
    "routing": {"routing"},
    "sla": {"sla", "routing"},
    "handoffs": {"handoffs", "sla", "routing"},
    "config": {"config", "handoffs", "sla", "routing"},
}
OURS = {*PRODUCT, "tests", "benchmarks"}
# The doors translate the outside world into one call; nothing behind them knows them.
DOORS = ("handoffs.api", "handoffs.views", "handoffs.admin", "handoffs.tasks", "handoffs.management")
# These reason over values alone, so that they can be replayed, and tested without a database.
PURE = (
    "routing/facts.py",
    "routing/conditions.py",
    "routing/index.py",
    "routing/matcher.py",
    "routing/hours.py",
    "routing/corners.py",
    "routing/lint.py",
    "routing/lint_cells.py",
    "routing/lint_findings.py",
    "routing/lint_gaps.py",
    "routing/lint_search.py",
    "routing/lint_space.py",
    "routing/lint_words.py",
    "sla/modelling.py",
)
# Who asks for the time: the module the doors take `now` from, and the admin of the floors that cannot import it.
CLOCKS = {"handoffs/now.py", "routing/admin_base.py"}
FORBIDDEN_NAMES = {"utils", "helpers", "common", "services", "signals", "misc"}
NETWORK_LIBRARIES = {"httpx", "requests", "slack_sdk", "resend", "urllib3", "urllib.request", "aiohttp"}
LONGEST_FILE = 400

Offences = Iterator[str]
Check = Callable[[str, ast.Module], Offences]


def tracked_files() -> list[str]:
    """The Python files of the repository, or all of them in an unpacked archive without git."""
    listing = subprocess.run(
        ["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.splitlines()
    if not listing:
        found = (path.relative_to(ROOT) for path in ROOT.rglob("*.py"))
        listing = [str(path) for path in found if not path.parts[0].startswith(".") and path.parts[0] != "var"]
    return [path for path in listing if (ROOT / path).is_file()]


def in_product(path: str) -> bool:
    return path.split("/", maxsplit=1)[0] in PRODUCT


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every module a file imports, with `from a import b` counted as both `a` and `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or "."
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


def is_below(module: str, parents: tuple[str, ...] | set[str]) -> bool:
    return any(module == parent or module.startswith(f"{parent}.") for parent in parents)


def layers(path: str, tree: ast.Module) -> Offences:
    """Product code imports only what lies on its own floor or below."""
    floor = path.split("/", maxsplit=1)[0]
    if floor not in MAY_IMPORT:
        return
    for line, module in imported(tree):
        top = module.split(".", maxsplit=1)[0]
        if top in OURS and top not in MAY_IMPORT[floor]:
            yield f"line {line}: {floor} must not import {module}"


def doors(path: str, tree: ast.Module) -> Offences:
    """Nothing behind the doors imports a door."""
    module_path = path.removesuffix(".py").replace("/", ".")
    if not in_product(path) or is_below(module_path, DOORS) or path in {"handoffs/urls.py", "config/urls.py"}:
        return
    for line, module in imported(tree):
        if is_below(module, DOORS):
            yield f"line {line}: {path} lies behind the doors and must not import {module}"


def clock_at_the_doors(path: str, tree: ast.Module) -> Offences:
    """Only doors ask for the time; everything behind them is told."""
    module_path = path.removesuffix(".py").replace("/", ".")
    if path.startswith("handoffs/") and not is_below(module_path, DOORS):
        for line, module in imported(tree):
            if is_below(module, ("handoffs.now",)):
                yield f"line {line}: {path} lies behind the doors; take `now` as an argument"


def pure_modules(path: str, tree: ast.Module) -> Offences:
    """Modules that reason over values touch neither the database nor the network."""
    if path in PURE:
        for line, module in imported(tree):
            if is_below(module, ("django.db", "routing.models", "sla.models", "handoffs.models")):
                yield f"line {line}: {path} is pure and must not import {module}"


def admin_base(path: str, tree: ast.Module) -> Offences:
    """Unfold is known to the admin's building blocks and its site."""
    if in_product(path) and path not in {"routing/admin_base.py", "handoffs/views/admin_site.py"}:
        for line, module in imported(tree):
            if is_below(module, ("unfold",)):
                yield f"line {line}: only routing/admin_base.py and the site import unfold"


def network(path: str, tree: ast.Module) -> Offences:
    """Only connectors speak to the network."""
    if path.startswith(("routing/", "sla/", "handoffs/")) and not path.startswith("handoffs/connectors/"):
        for line, module in imported(tree):
            if is_below(module, NETWORK_LIBRARIES):
                yield f"line {line}: {module} belongs into handoffs/connectors"


def no_environment(path: str, tree: ast.Module) -> Offences:
    """Only config reads the environment; everything else asks django.conf.settings."""
    if path.startswith(("routing/", "sla/", "handoffs/")):
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv"}:
                yield f"line {node.lineno}: {ast.unparse(node)} is read by config alone; use settings"


def no_signals(path: str, tree: ast.Module) -> Offences:
    """What happens is one explicit call, never a Django signal."""
    if in_product(path):
        for line, module in imported(tree):
            if module.startswith("django.") and ("signals" in module.split(".") or "dispatch" in module.split(".")):
                yield f"line {line}: Django signals are not used"


def module_names(path: str, _tree: ast.Module) -> Offences:
    """A module is named by what it knows."""
    if in_product(path):
        for part in path.removesuffix(".py").split("/"):
            if part in FORBIDDEN_NAMES:
                yield f"line 1: '{part}' says nothing about what is in it"


def imports_at_top(path: str, tree: ast.Module) -> Offences:
    """No import hides inside a function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            for line, module in imported(node):
                yield f"line {line}: import of {module} inside a function"


def no_broker_timers(path: str, tree: ast.Module) -> Offences:
    """A timer is a row in the database: a delay inside the broker runs again and again, or never."""
    if not in_product(path):
        return
    of_celery = any(is_below(module, ("celery",)) for _, module in imported(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in {"eta", "countdown", "autoretry_for", "retry_backoff"}:
            yield f"line {node.value.lineno}: {node.arg}= leaves a timer to the broker"
        if (
            of_celery
            and isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "retry"
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "self"
        ):
            yield f"line {node.lineno}: self.retry leaves a timer to the broker"


def time_comes_in(path: str, tree: ast.Module) -> Offences:
    """No floor reads the clock: `now` is an argument, or comes from the one module that knows it."""
    if not path.startswith(("routing/", "sla/", "handoffs/")) or path in CLOCKS:
        return
    readers = {
        *("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "datetime.datetime.now"),
        *("timezone.now", "timezone.localdate", "timezone.localtime", "time.time", "time.time_ns"),
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in readers:
            yield f"line {node.lineno}: {ast.unparse(node)} reads the clock; take `now` as an argument"
        if isinstance(node, ast.keyword) and node.arg in {"auto_now", "auto_now_add"}:
            yield f"line {node.value.lineno}: {node.arg} reads the clock; the caller gives the time"


CHECKS: tuple[Check, ...] = (
    layers,
    doors,
    clock_at_the_doors,
    pure_modules,
    admin_base,
    network,
    no_environment,
    no_signals,
    module_names,
    imports_at_top,
    no_broker_timers,
    time_comes_in,
)


def offences(path: str, source: str) -> list[str]:
    """What a file of this path and content does against the rules."""
    tree = ast.parse(source)
    found = [f"{path} {offence}" for check in CHECKS for offence in check(path, tree)]
    length = source.count("\n")
    if length > LONGEST_FILE and "/migrations/" not in path:
        found.append(f"{path} line {length}: longer than {LONGEST_FILE} lines; split it by what it knows")
    return found


def test_every_file_keeps_the_rules_of_the_house():
    files = tracked_files()
    assert "config/settings.py" in files
    found = [offence for path in files for offence in offences(path, (ROOT / path).read_text())]
    assert found == [], "\n".join(["", *found])


@pytest.mark.parametrize(
    ("path", "source", "complaint"),
    [
        ("routing/assign.py", "from sla.models import Clock", "routing must not import sla.models"),
        ("routing/assign.py", "import handoffs.states", "routing must not import handoffs.states"),
        ("sla/clock.py", "from handoffs import timeline", "sla must not import handoffs"),
        ("handoffs/engine.py", "from config.celery import app", "handoffs must not import config.celery"),
        ("handoffs/engine.py", "from tests.fakes import slack", "handoffs must not import tests.fakes"),
        ("config/demo.py", "import tests.fakes.slack", "config must not import tests.fakes.slack"),
        ("handoffs/pipeline.py", "from handoffs.views import inbox", "must not import handoffs.views"),
        ("handoffs/outbox.py", "from handoffs.tasks import deliver", "must not import handoffs.tasks"),
        ("handoffs/pipeline.py", "from handoffs.now import now", "lies behind the doors; take `now`"),
        ("handoffs/pipeline.py", "from handoffs import now", "lies behind the doors; take `now`"),
        ("routing/hours.py", "from django.db import models", "is pure and must not import django.db"),
        ("handoffs/admin/crm.py", "from unfold.admin import ModelAdmin", "only routing/admin_base.py"),
        ("handoffs/context.py", "import httpx", "httpx belongs into handoffs/connectors"),
        ("handoffs/now.py", "import os\nhere = os.environ['HANDOFFS_DEMO']", "os.environ is read by config alone"),
        ("handoffs/apps.py", "from django.db.models.signals import post_save", "signals are not used"),
        ("handoffs/apps.py", "from django.db.models import signals", "signals are not used"),
        ("sla/apps.py", "from django.dispatch import receiver", "signals are not used"),
        ("routing/utils.py", "", "'utils' says nothing"),
        ("handoffs/services/send.py", "", "'services' says nothing"),
        ("sla/clock.py", "def due():\n    import json", "import of json inside a function"),
        ("handoffs/tasks.py", "run.apply_async(countdown=5)", "countdown= leaves a timer to the broker"),
        ("handoffs/tasks.py", "run.apply_async(eta=soon)", "eta= leaves a timer to the broker"),
        ("handoffs/tasks.py", "app.task(autoretry_for=(OSError,))", "autoretry_for= leaves a timer"),
        (
            "handoffs/tasks.py",
            "from celery import shared_task\nself.retry()",
            "self.retry leaves a timer to the broker",
        ),
        ("sla/clock.py", "started = timezone.now()", "timezone.now reads the clock"),
        ("routing/hours.py", "today = date.today()", "date.today reads the clock"),
        ("sla/models.py", "x = DateTimeField(default=timezone.now)", "timezone.now reads the clock"),
        ("sla/models.py", "created = DateTimeField(auto_now_add=True)", "auto_now_add reads the clock"),
        ("handoffs/pipeline.py", "\n" * 401, "longer than 400 lines"),
    ],
)
def test_a_planted_offence_is_found(path: str, source: str, complaint: str):
    assert any(complaint in offence for offence in offences(path, source))


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("handoffs/pipeline.py", "from routing.assign import decide\nfrom sla.clock import start_clock"),
        ("handoffs/views/inbox.py", "from handoffs.views.page import page"),
        ("handoffs/connectors/http.py", "import httpx"),
        ("handoffs/now.py", "from django.utils import timezone\n\ndef now():\n    return timezone.now()"),
        ("handoffs/admin/deliveries.py", "self.retry(request)"),
        ("routing/admin_base.py", "from unfold.admin import ModelAdmin"),
        ("tests/test_x.py", "from handoffs.views import inbox"),
    ],
)
def test_what_the_rules_allow_is_not_complained_about(path: str, source: str):
    assert offences(path, source) == []
