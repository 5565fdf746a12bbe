"""A simulation of years on the real code: a moved clock, real processes, and faults from a seed."""
