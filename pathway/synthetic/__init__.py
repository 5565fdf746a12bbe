"""Synthetic people and their passages, for the demo, for tests and for measuring at scale.

Everything that happens to a synthetic case happens through the engine's verbs, on a clock that moves through the
past; nothing here writes a case's rows itself. It must never run beside real patients: the commands refuse that.
"""
