"""The checks: small pure functions over one draft, and the tables that say in which order and to what effect they run."""
