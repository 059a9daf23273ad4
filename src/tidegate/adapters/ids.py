"""Identifiers: from the operating system, or from a seed."""

import random
import secrets

_BITS = 32 * 4


class SystemIds:
    """128 random bits of the operating system."""

    def draw(self) -> str:
        return secrets.token_hex(16)


class SeededIds:
    """128 bits of a seeded generator: the same seed names the same things in the same order."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(f"ids {seed}")

    def draw(self) -> str:
        return f"{self._random.getrandbits(_BITS):032x}"
