"""The command line: it turns words into use cases and outcomes into words."""
