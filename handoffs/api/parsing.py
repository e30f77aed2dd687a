"""Reading a JSON body that may be hostile: bounded, strict, and free of what a database cannot hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from handoffs.api.problems import ProblemError

MOST_BYTES = 256 * 1024
DEEPEST = 20


class StrictJSONParser(BaseParser):
    """JSON as RFC 8259 has it: UTF-8, no NaN, no key twice; at most 256 KB, and 20 levels deep."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        raw = stream.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            raise ProblemError("too-large", f"A body has at most {MOST_BYTES // 1024} KB. Send less.")
        try:
            value = json.loads(raw.decode(), parse_constant=_refuse, object_pairs_hook=_once)
            _check(value)
        except RecursionError:
            raise ParseError(f"The body is nested more than {DEEPEST} levels deep.") from None
        except UnicodeDecodeError:
            raise ParseError("The body is not UTF-8.") from None
        except json.JSONDecodeError as error:
            raise ParseError(f"The body is not JSON: line {error.lineno}, column {error.colno}.") from None
        except ValueError:
            raise ParseError("A number in the body has too many digits to be read. Send a shorter one.") from None
        return value


def _refuse(constant: str) -> Any:
    raise ParseError(f"{constant} is not JSON. Send a number or null.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ParseError("An object of the body has the same key twice.")
    return found


def _check(value: Any) -> None:
    """Raises ParseError for text that no database can hold, and for nesting that nobody means."""
    waiting = [(value, 1)]
    while waiting:
        each, depth = waiting.pop()
        if depth > DEEPEST:
            raise ParseError(f"The body is nested more than {DEEPEST} levels deep.")
        if isinstance(each, str):
            _check_text(each)
        elif isinstance(each, dict):
            waiting += [(part, depth + 1) for pair in each.items() for part in pair]
        elif isinstance(each, list):
            waiting += [(part, depth + 1) for part in each]


def _check_text(text: str) -> None:
    if "\0" in text:
        raise ParseError("The body holds a NUL character (\\u0000). Leave it out.")
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ParseError("The body holds half of a surrogate pair. Send whole characters.")
