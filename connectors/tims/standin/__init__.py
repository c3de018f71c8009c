"""The parts of the TIMS stand-in, one file per business object."""
