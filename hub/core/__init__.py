"""Decisions without side effects: policy, fingerprint, masking."""
