"""Durable and passing memory for intents, attempts, events and what they add up to."""
