"""What is done with settlements: taken in, matched, posted."""
