"""The rehearsal: the simulated venue with faults on demand, so that trouble can be met before it costs money."""
