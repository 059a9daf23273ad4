"""Judging: the twenty-five invariants, each a function that says what broke it, or nothing."""
