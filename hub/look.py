"""How the admin looks: names, colours, tabs. The sidebar is made per request by `hub.admin.navigation`."""

from __future__ import annotations

from typing import Any

from django.templatetags.static import static

SHADES = ("50", "100", "200", "300", "400", "500", "600", "700", "800", "900", "950")
TEAL = (
    "oklch(98.4% .014 180.7)",
    "oklch(95.3% .051 180.8)",
    "oklch(91% .096 180.4)",
    "oklch(85.5% .138 181.1)",
    "oklch(77.7% .152 181.9)",
    "oklch(67% .13 182.5)",
    "oklch(52.5% .1 184.7)",
    "oklch(46% .087 186.4)",
    "oklch(41% .075 188.2)",
    "oklch(36.5% .063 188.4)",
    "oklch(27.7% .046 192.5)",
)

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Throughline",
    "SITE_HEADER": "Throughline",
    "SITE_SUBHEADER": "Orders, stock and money in step",
    "SITE_URL": None,
    "SITE_SYMBOL": "conversion_path",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("hub/mark.svg")}],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "6px",
    "COLORS": {"primary": dict(zip(SHADES, TEAL, strict=True))},
    "STYLES": [lambda request: static("hub/hub.css")],
    "SCRIPTS": [lambda request: static("hub/hub.js")],
    "DASHBOARD_CALLBACK": "hub.admin.dashboard.dashboard",
    "COMMAND": {"search_models": False},
    "SIDEBAR": {"show_search": True, "show_all_applications": False, "navigation": "hub.admin.navigation.navigation"},
}
