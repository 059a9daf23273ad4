"""Stores: the order store in memory and in a SQLite file, one port and one contract suite for both."""
