"""The checks: small pure functions over one draft, and the table of the order and the effect in which they run."""
