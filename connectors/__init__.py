"""The outside world: one package per system, plain Python, no Django."""
