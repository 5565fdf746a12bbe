"""A verdict: allowed or not, why, and who can clear it. Every refusal in the product is one of these."""

from __future__ import annotations

from dataclasses import dataclass

from pathway.protocol.roles import Role


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing in the way: a stable code, a sentence, who can clear it, and the to-do to open, if there is one."""

    code: str
    text: str
    clears: tuple[Role, ...] = ()
    todo_key: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Allowed when nothing stands in the way."""

    reasons: tuple[Reason, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether the action may go on."""
        return not self.reasons

    def __str__(self) -> str:
        return " ".join(reason.text for reason in self.reasons) or "Allowed."

    def codes(self) -> set[str]:
        """The codes of all reasons."""
        return {reason.code for reason in self.reasons}


ALLOWED = Verdict()


def refused(code: str, text: str, *clears: Role, todo_key: str = "") -> Verdict:
    """A verdict with a single reason."""
    return Verdict((Reason(code, text, clears, todo_key),))
