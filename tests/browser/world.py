"""The demonstration's clinics, people and cases as the tests of all screens meet them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

from pathway.engine.protocols import publish
from pathway.models import Case, Clinician, Todo
from pathway.protocol.loader import VERSIONS, load
from pathway.synthetic.demo import make_demo
from tests.browser.absent import phils_absence
from tests.browser.consent import agreed
from tests.cast import PASSWORD
from tests.views.desk import Desk

ROLES = {"neurosurgeon": "nora", "physiatrist": "phil", "anesthesiologist": "anna", "coordinator": "cora"}


@dataclass(frozen=True)
class Screen:
    """A page: who looks at it (nobody: not signed in) and where it is."""

    who: str
    url: str


class World:
    """The demonstration's clinics and cases, which show every situation at once."""

    def __init__(self) -> None:
        now = datetime.now(UTC)
        publish(by=None, at=datetime(2015, 1, 1, tzinfo=UTC), protocol=load(VERSIONS / "itb-1"))
        self.made = make_demo(end=now, seed=20, password=PASSWORD)
        Clinician.objects.create_superuser("admin", "admin@clinic.example", PASSWORD)
        two_factors = Clinician.objects.get(username="arno")
        TOTP.activate(two_factors, generate_totp_secret())
        RecoveryCodes.activate(two_factors)

        self.contacts = [
            agreed(self.case("titration at six weeks"), now),
            agreed(self.case("long-term, past its refill date"), now, refused_at=now),
        ]
        self.absence = phils_absence()
        self.desks = {user.username: Desk(user) for user in Clinician.objects.all()}

    def desk(self, name: str) -> Desk:
        """Somebody's session, begun before the tests and seen by the site."""
        return self.desks[name]

    def id_of(self, name: str) -> UUID:
        """Somebody's id."""
        return Clinician.objects.get(username=name).pk

    def case(self, scenario: str) -> str:
        """The address of the case that shows this situation."""
        [walked] = [
            walked for plan, walked in self.made if plan.name == scenario and walked.case_id in self.riverside
        ]
        return f"/cases/{walked.case_id}/"

    @property
    def riverside(self) -> set[Any]:
        return set(Case.objects.filter(clinic__slug="riverside").values_list("id", flat=True))

    def open_todos(self) -> list[Screen]:
        """For each kind of duty the newest open to-do, seen by one who may do it."""
        newest: dict[str, Todo] = {}
        todos = Todo.objects.filter(clinic__slug="riverside", state="open", case__held_at=None).order_by(
            "opened_at", "id"
        )
        for todo in todos:
            name = ROLES[todo.role]
            if todo.owner is None or todo.owner.username == name:
                newest[todo.key] = todo
        return [Screen(ROLES[todo.role], f"/todos/{todo.id}/") for todo in newest.values()]

    def other_todos(self) -> list[Screen]:
        """Done with a record, signed, lapsed, not applicable, somebody else's, of a closed case."""
        todos = Todo.objects.filter(clinic__slug="riverside")
        done = todos.filter(state="done")
        found = [
            done.filter(key="baseline_spasticity").first(),
            done.filter(key="trial_readings").first(),
            done.filter(key="operation").first(),
            done.filter(key="candidacy_physiatrist").first(),
            todos.filter(state="open", role="physiatrist").first(),
            todos.filter(state="open", key="trial_readings").first(),  # she observes, the physiatrist judges
            todos.filter(case__stage="closed").exclude(state="open").last(),
        ]
        return [Screen("nora", f"/todos/{todo.id}/") for todo in found if todo]
