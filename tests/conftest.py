"""What all tests share: properties are drawn from a fixed seed, so that a red test is red for everybody."""

from hypothesis import settings

settings.register_profile("deterministic", derandomize=True, deadline=None)
settings.load_profile("deterministic")
