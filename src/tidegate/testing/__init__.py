"""What ships for tests and for authors of adapters: contract suites and worlds to run in."""
