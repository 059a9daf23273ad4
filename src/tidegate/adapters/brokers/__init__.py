"""Venues that work our orders, from the simulated one to the real ones."""
