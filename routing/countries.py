"""The country codes of ISO 3166-1, from the table that comes with the time zones."""

from __future__ import annotations

from importlib.resources import files

OTHER_SPELLINGS = {"UK": "GB", "EL": "GR"}
"""Codes that the European Union uses and ISO does not."""


def _table() -> dict[str, str]:
    text = files("tzdata.zoneinfo").joinpath("iso3166.tab").read_text(encoding="utf-8")
    lines = (line.partition("\t") for line in text.splitlines() if line and not line.startswith("#"))
    # Kosovo has a code that ISO leaves to its users, and that CRMs use.
    return {code: name for code, _, name in lines} | {"XK": "Kosovo"}


COUNTRIES = _table()
"""Two capital letters to the English name."""


def normal_country(raw: str) -> str | None:
    """ISO 3166-1 alpha-2 in capitals, or None for anything else."""
    code = raw.strip().upper()
    code = OTHER_SPELLINGS.get(code, code)
    return code if code in COUNTRIES else None
