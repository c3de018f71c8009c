"""The stand-in of Amazon, in parts."""
