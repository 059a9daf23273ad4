"""What keeps the project in shape: its map and its lock."""
