"""Wiring and nothing else: one container an environment, composed around one core."""
