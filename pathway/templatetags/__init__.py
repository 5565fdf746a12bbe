"""Template tags, found here by Django."""
