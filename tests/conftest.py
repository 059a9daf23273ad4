"""Settings of all tests: properties are tried on the same examples every time, so that no failure is chance's."""

from hypothesis import settings

settings.register_profile("gate", deadline=None, derandomize=True, database=None, max_examples=100)
# For a longer look at fresh examples: pytest --hypothesis-profile=explore
settings.register_profile("explore", deadline=None, database=None, max_examples=2_000)
settings.load_profile("gate")
