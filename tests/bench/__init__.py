"""Benchmarks as ratios to a floor measured in the same run, on a private PostgreSQL. Not collected by pytest."""
