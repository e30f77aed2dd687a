"""How the admin looks: the product's own accent blue in Unfold's terms."""

from typing import Any


def unfold(*, company: str) -> dict[str, Any]:
    """Unfold's settings for an installation of `company`."""
    return {
        "SITE_TITLE": "Handoffs",
        "SITE_HEADER": "Handoffs",
        "SITE_SUBHEADER": company,
        "SITE_URL": "/",
        "SITE_SYMBOL": "swap_horiz",
        "SHOW_HISTORY": True,
        "SHOW_VIEW_ON_SITE": False,
        "BORDER_RADIUS": "8px",
        "COLORS": {
            "primary": {
                "50": "#eef2fe",
                "100": "#dfe6fd",
                "200": "#c4d0fa",
                "300": "#a5b9ff",
                "400": "#7d97f2",
                "500": "#3e63dd",
                "600": "#2a4fc9",
                "700": "#2140a8",
                "800": "#1d3788",
                "900": "#1a2f6d",
                "950": "#1a2340",
            },
        },
    }
