"""How one system's fields become another's."""
