"""The demo's words: the files beside this module, read once."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

WEBSITE = "https://www.fathomline.example"
_DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Firm:
    """A row of accounts.csv. `path` says how far its story goes: lead, prospect, won, customer, or a special case."""

    key: str
    name: str
    domain: str
    trade: str
    industry: str
    employees: int
    tier: str
    country: str
    city: str
    postal: str
    zone: str
    phone: str
    path: str


@dataclass(frozen=True, slots=True)
class Content:
    """A piece of content on our site."""

    title: str
    kind: str
    path: str


@cache
def toml(name: str) -> dict[str, Any]:
    """The file `name`.toml as plain values."""
    return tomllib.loads((_DATA / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def firms() -> tuple[Firm, ...]:
    """Every account of the demo, in the order of the file."""
    with (_DATA / "accounts.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Firm(
                key=row["id"],
                name=row["name"],
                domain=row["domain"],
                trade=row["trade"],
                industry=row["industry"],
                employees=int(row["employees"]),
                tier=row["tier"],
                country=row["country"],
                city=row["city"],
                postal=row["postal"],
                zone=row["time_zone"],
                phone=row["phone"],
                path=row["path"],
            )
            for row in csv.DictReader(file)
        )


@cache
def contents() -> tuple[Content, ...]:
    """The pieces people read, watch or attend."""
    return tuple(Content(*item) for item in toml("content")["items"])


def script(key: str) -> dict[str, Any]:
    """What showcase.toml says of an account that is written by hand."""
    found: dict[str, Any] = toml("showcase")[key]
    return found


def trade(name: str) -> Mapping[str, list[str]]:
    """What people in a trade talk about."""
    found: Mapping[str, list[str]] = toml("trades")[name]
    return found


def phrases(kind: str) -> list[str]:
    """The lines of one kind; activities read "subject | text"."""
    found: list[str] = toml("phrases")[kind]
    return found
