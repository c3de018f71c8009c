"""Webhooks in; deliveries and runs out; resync by request."""
