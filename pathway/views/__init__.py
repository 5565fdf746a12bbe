"""Screens: one module a screen. They call engine verbs and queries, and hold no rules."""
