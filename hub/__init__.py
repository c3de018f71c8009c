"""Running it: connections, flows, deliveries and the engine that moves them."""
