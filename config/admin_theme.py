"""How the admin looks: the accent blue, greys and type of the product in Unfold's terms; and what its sidebar holds."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static

ACCENT = {
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
}
# The greys of tokens.css, from the lightest surface to the darkest.
GREYS = {
    "50": "#f5f5f6",
    "100": "#f0f1f3",
    "200": "#e6e7ea",
    "300": "#d3d6dc",
    "400": "#959dab",
    "500": "#5f6572",
    "600": "#464b56",
    "700": "#363c46",
    "800": "#252930",
    "900": "#15181c",
    "950": "#0e1013",
}


def stylesheet(_request: HttpRequest) -> str:
    """The address of what the theme's settings cannot say."""
    return static("admin-theme.css")


def favicon(_request: HttpRequest) -> str:
    """The product's own icon."""
    return static("favicon.svg")


def unfold(*, company: str) -> dict[str, Any]:
    """Unfold's settings for an installation of `company`."""
    return {
        "SITE_TITLE": "Handoffs admin",
        "SITE_HEADER": "Handoffs admin",
        "SITE_SUBHEADER": company,
        # The way back to the pages is the sidebar's first entry, where it is seen.
        "SITE_URL": None,
        "SITE_SYMBOL": "swap_horiz",
        "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": favicon}],
        "SHOW_HISTORY": True,
        "SHOW_VIEW_ON_SITE": False,
        "BORDER_RADIUS": "8px",
        "COLORS": {"primary": ACCENT, "base": GREYS},
        "STYLES": [stylesheet],
        # The theme chosen on the pages holds here too; without a choice the admin follows the system.
        "THEME": "handoffs.views.theme.theme_of",
        "DASHBOARD_CALLBACK": "handoffs.admin.start.start_page",
        "SIDEBAR": {"show_search": True, "navigation": "handoffs.admin.sidebar.navigation"},
    }
