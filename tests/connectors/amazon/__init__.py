"""Tests of the Amazon connector."""
