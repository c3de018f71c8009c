"""What the company decides about orders; mappings read these settings of the connection."""

from __future__ import annotations

from connectors.base import Setting

BUNDLES = (("parent", "One line of the bundle"), ("explode", "Bundle line and its components"), ("component_only", "Components only"))
ORDER_SETTINGS = (
    Setting(
        name="time_zone", label="Company time zone", required=False, help="Such as America/Denver: order dates are its days. Empty is UTC."
    ),
    Setting(name="company_currency", label="Company currency", default="USD", required=False, help="Orders in another one need a rate."),
    Setting(
        name="handling_days", label="Handling days", default="1", required=False, help="Until shipping, where the channel names no day."
    ),
    Setting(
        name="default_shipping_method", label="Default shipping method", required=False, help="For carriers without a row, with a warning."
    ),
    Setting(
        name="external_location",
        label="Marketplace warehouse",
        required=False,
        help="Such as FBA-US: where orders leave that a marketplace ships itself and for which no location is known.",
    ),
    Setting(
        name="external_method",
        label="Shipping method of marketplaces",
        required=False,
        help="For orders that a marketplace ships itself and for which no method is known.",
    ),
    Setting(name="kit_mode", label="Bundles", default="parent", required=False, choices=BUNDLES),
    Setting(
        name="locations",
        label="Locations",
        default="send",
        required=False,
        choices=(("send", "As the channel says"), ("tims", "TIMS chooses")),
    ),
    Setting(name="company_phone", label="Company phone", required=False, help="For parcels whose buyer gave none."),
)
