"""How a verb says no: a refusal with reasons, a form error, or a case that is not there for this person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pathway.protocol.verdict import Verdict


class EngineError(Exception):
    """Anything a verb refuses. Whoever calls shows it; nothing was written."""


class Refused(EngineError):
    """The rules say no. `verdict` says what is missing and who can clear it."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(str(verdict))
        self.verdict = verdict


class NotAllowed(Refused):
    """This person may not do it; the verdict says who may."""


class Stale(Refused):
    """Somebody else was faster, or the facts changed since the page was shown."""


class Invalid(EngineError):
    """What was typed does not fit. `errors` maps field names ("" for the whole) to sentences."""

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        self.errors = {field: list(texts) for field, texts in errors.items()}
        super().__init__("; ".join(f"{field}: {' '.join(texts)}" for field, texts in self.errors.items()))


class NotFound(EngineError):
    """No such case or to-do for this person; a person of another clinic learns no more than that."""
