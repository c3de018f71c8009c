"""From the sums of a settlement to balanced journals and payments, as plain values."""
