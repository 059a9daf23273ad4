"""The parts of the broker contract, one idea each."""
