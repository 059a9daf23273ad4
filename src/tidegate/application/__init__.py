"""The use cases: they lead a decision through translation, review, record and submission."""
