"""Bank statements and the settlements that their lines paid."""
