"""For the language of the admin."""
