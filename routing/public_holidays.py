"""Public holidays by country and region, from the `holidays` library."""

from __future__ import annotations

import logging
from datetime import date
from functools import lru_cache

import holidays

log = logging.getLogger(__name__)


@lru_cache(maxsize=4096)
def public_holidays(country: str, region: str, year: int) -> frozenset[date]:
    """The days of a year on which a country, or a region of it, is shut; none for a place that is not known."""
    if not country:
        return frozenset()
    try:
        return frozenset(holidays.country_holidays(country, subdiv=region or None, years=year))
    except NotImplementedError:
        log.warning("The public holidays of %s %s are not known, so none are kept", country, region)
        return frozenset()


def unknown_place(country: str, region: str) -> tuple[str, str] | None:
    """Why the public holidays of a country or region cannot be kept: which of the two it is, and a sentence; None when
    they can.
    """
    known = holidays.list_supported_countries()
    if country and country not in known:
        return (
            "country",
            f"The public holidays of “{country}” are not known. Use a two-letter country code such as NO, or none.",
        )
    if region and not country:
        return "region", f"“{region}” is a region of no country yet. Fill in the country, or leave this blank."
    if region and region not in known.get(country, ()):
        return (
            "region",
            f"“{region}” is not a region of {country} with holidays of its own. Leave it blank.",
        )
    return None
