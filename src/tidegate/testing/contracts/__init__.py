"""Contract suites: what a port promises, as tests that every adapter of it has to pass."""
