"""Money: settlements, matching and journals."""
