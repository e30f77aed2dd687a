"""How log lines look, and what never gets into one: names, addresses, telephone numbers, notes, query strings.

Production writes one JSON object a line, the demo readable lines. Whatever comes in, ours or a library's, passes
through the same steps. The text of an error often quotes the data it failed on, so outside the demo an error is logged
as its kind and the places it went through.
"""

from __future__ import annotations

import re
import traceback
from typing import Any

import structlog
from celery import current_task
from structlog.types import EventDict, Processor, WrappedLogger

# An error of these kinds speaks of machines, not of people; its first line says what an operator needs.
OF_MACHINES = ("OperationalError", "ConnectionError", "TimeoutError", "ConnectionRefusedError", "ImproperlyConfigured")
HIDDEN = (
    (re.compile(r"/a/[^/\s\"']+"), "/a/[token]"),
    (re.compile(r"(/[^\s?\"']*)\?[^\s\"']+"), r"\1?[query]"),
    (re.compile(r"[^\s@<>\"'(),:;=\[\]{}/]+@[^\s@<>\"'(),:;\[\]{}/]+"), "[e-mail]"),
    (re.compile(r"\+\d[\d ()./-]{6,}\d"), "[phone]"),
)
KEPT = {"timestamp", "level", "logger"}
# Libraries that log what they send, whom they ask, or who tried to sign in; our connectors lend them their loggers.
QUIET = (
    "handoffs.connectors",
    "httpx",
    "httpcore",
    "urllib3",
    "requests",
    "slack_sdk",
    "resend",
    "mozilla_django_oidc",
    "hpack",
)


def logging_settings(*, level: str, as_json: bool, whole_errors: bool) -> dict[str, Any]:
    """Django's LOGGING: all to standard error, in one form. `whole_errors` keeps errors' text, for invented data."""
    errors: Processor = structlog.processors.format_exc_info if whole_errors else error_without_text
    renderer: Processor = (
        structlog.processors.JSONRenderer(sort_keys=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0, pad_level=False)
    )
    lines = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": [
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        "processors": [
            without_quotations,
            with_task,
            errors,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            without_personal_data,
            renderer,
        ],
    }
    passed_on = {"handlers": ["stderr"], "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": lines},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"level": level},
            # Our own line tells of every request; these repeat it with the whole address.
            "django.request": {"level": "ERROR"},
            "django.server": passed_on,
            # At DEBUG it would show the values of every query.
            "django.db.backends": {"level": "INFO"},
            # And this what stands in a page.
            "django.template": {"level": "INFO"},
            "gunicorn.error": passed_on | {"level": "INFO"},
            "gunicorn.access": {"handlers": [], "propagate": False},
            # It names who tried to sign in; the admin shows the attempts to those who may see them.
            "axes": {"level": "ERROR"},
            # The log's own lines tell of the work; these only of being asked to look for it.
            **{name: {"level": "WARNING"} for name in ("celery.worker.strategy", "celery.app.trace", "celery.beat")},
            **{name: {"level": "WARNING"} for name in QUIET},
        },
    }


def set_up() -> None:
    """Has structlog hand its events to the standard library's loggers."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def without_personal_data(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Hides addresses, telephone numbers, query strings and link tokens, wherever in the line they are."""
    return {name: value if name in KEPT else _hidden(value) for name, value in event.items()}


def without_quotations(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Shortens lines of libraries that put an error's text, or an address, into their message."""
    record = event.get("_record")
    if record is None or event.get("_from_structlog"):
        return event
    task = getattr(record, "data", None)
    if record.name.startswith(("django.request", "django.security")):
        event["event"] = str(event["event"]).partition(":")[0]
    elif record.name == "celery.app.trace" and isinstance(task, dict) and "exc" in task:
        event["event"] = f"Task {task.get('name')}[{task.get('id')}] {task.get('description')}"
    return event


def with_task(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Names the task a line was written in, if any."""
    request = getattr(current_task, "request", None)
    if request is not None and request.id:
        event.setdefault("task", request.task)
        event.setdefault("task_id", request.id)
    return event


def error_without_text(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Puts an error as its kinds, outermost last, and the places it went through; never its variables."""
    info = event.pop("exc_info", None)
    event.pop("stack_info", None)
    error = info[1] if isinstance(info, tuple) else info if isinstance(info, BaseException) else None
    if error is None:
        return event
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    event["error"] = _kind(error)
    event["caused_by"] = [_kind(cause) for cause in _causes(error)]
    event["places"] = places[-20:]
    return event


def _kind(error: BaseException) -> str:
    name = type(error).__name__
    text = str(error).strip().partition("\n")[0]
    return f"{name}: {text}" if name in OF_MACHINES and text else name


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    cause = error.__cause__ or error.__context__
    while cause is not None and cause not in found and len(found) < 5:
        found.append(cause)
        cause = cause.__cause__ or cause.__context__
    return found


def _hidden(value: Any) -> Any:
    if isinstance(value, str):
        for pattern, words in HIDDEN:
            value = pattern.sub(words, value)
        return value
    if isinstance(value, dict):
        return {name: _hidden(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(each) for each in value]
    return value if isinstance(value, int | float | bool | None) else _hidden(str(value))
