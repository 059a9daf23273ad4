"""Where decisions come from: a strategy object, or lines on standard input."""
