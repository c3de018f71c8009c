"""The demonstration: the hub between its local stand-ins, and the scripted day whose books are compared afterwards."""
