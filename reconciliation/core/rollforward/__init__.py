"""What is on its way: sold and not yet settled, settled and not yet at the bank."""
