"""The figures of a case's course: each a plot with its sentence, its legend in words and its numbers in tables."""
