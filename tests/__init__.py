"""The tests, mirroring the four packages."""
