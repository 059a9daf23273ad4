"""The simulation: lives of the whole application on a virtual clock, with every fault, judged against the truth."""

from tidegate.testing.simulation.drilling import drill

__all__ = ["drill"]
