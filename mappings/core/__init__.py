"""Mapping without Django: rules become closures, closures become payloads."""
