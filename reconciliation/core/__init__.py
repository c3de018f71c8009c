"""Money, decided: pure functions on statements, sums, matches and journals."""
