"""Settlements against orders: what the hub expected of an order, what was settled for it, and where the difference is."""
