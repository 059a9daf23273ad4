"""Everything that touches the outside world, each adapter behind a port of the domain."""
