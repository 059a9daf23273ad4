"""Recorded markets: their file format, its reader and writer, the importers, and the recording that ships with the package."""
