"""The parts of the order store's contract, a claim a test."""
