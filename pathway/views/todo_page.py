"""What the page of one to-do shows: the duty, whose it is, its record or signature, what the person may do.

Reads only. Nothing here decides: whether something is allowed is the engine's answer when it is tried.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone

from pathway.clinical.situation import Situation
from pathway.engine.errors import Refused
from pathway.engine.permissions import Actor, require_not_anothers, require_open, require_todo_role
from pathway.engine.trials import OBSERVERS
from pathway.models import RECORDS, ClinicalRecord, SignOff, Todo
from pathway.protocol.guards import judge
from pathway.protocol.roles import EDGE, Role, Stage, TodoState
from pathway.protocol.schema import REOPEN_PROMPT
from pathway.queries.case import find_todo, newest_todos, read_case, todo_fact
from pathway.queries.definitions import calendar_of, protocol_of
from pathway.queries.devices import pump_model_of
from pathway.queries.incidents import incident_of
from pathway.queries.observations import TrialCourse, course_of
from pathway.queries.people import staff_of
from pathway.queries.records import Bound, bound_to, records_of
from pathway.queries.situation import circumstances_of
from pathway.views.act import Answer, alert_of, person, reasons_of
from pathway.views.away import away_words
from pathway.views.forms import FORMS, RecordForm
from pathway.views.forms.case_actions import (
    HandOverForm,
    MoveForm,
    NotApplicableForm,
    ReasonForm,
    ReopenCaseForm,
    ReopenTodoForm,
    SignForm,
)
from pathway.views.forms.prefill import corrected, known_of
from pathway.views.panels import panel_of
from pathway.views.records import readable
from pathway.views.signing import bound_lines, signature_line
from pathway.views.trial_day import TrialDay, day_context, read_day
from pathway.views.trial_dose import dose_context, known_dose

HANDS_OVER_A_CARD = ("device_registration", "card_issue")
"""Forms of to-dos that put a printed card into the patient's hand."""
Forms = Mapping[str, Any]


class TodoPage:
    """One to-do as one person sees it. Raises Http404 for somebody of another clinic."""

    def __init__(self, request: HttpRequest, todo_id: UUID) -> None:
        found = find_todo(todo_id, person(request))
        if found is None:
            raise Http404("There is no such to-do for you.")
        self.todo: Todo = found
        self.case, self.clinic = found.case, found.case.clinic
        request.clinic = self.clinic  # type: ignore[attr-defined]  # the frame shows it, see views.context
        self.me = person(request)
        self.protocol = protocol_of(self.case.protocol_id)
        self.calendar = calendar_of(self.clinic.id, self.clinic.calendar_version)
        self.definition = self.protocol.todos[found.key]
        self.role = Role(found.role)
        self.today = self.calendar.local_date(timezone.now())
        self.staff = staff_of(self.clinic.id, self.today)
        self.roles = self.staff.roles_of(self.me)
        self.picked = request.GET.get("minute", "")

    @property
    def is_prompt(self) -> bool:
        """Whether the to-do is done by moving the case."""
        return self.todo.key in self.protocol.prompts

    @property
    def covers(self) -> frozenset[UUID]:
        """For whom this person answers today."""
        return frozenset(away.person_id for away in self.staff.away.values() if away.answers_id == self.me)

    @cached_property
    def blocked(self) -> Refused | None:
        """Why this person cannot work on it now; None where they can. The engine's own rules, asked early."""
        actor, fact = Actor(self.me, self.roles, self.covers), todo_fact(self.todo, self.calendar)
        try:
            require_open(fact)
            require_todo_role(actor, fact, "do it")
            require_not_anothers(actor, fact)
        except Refused as error:
            return error
        return None

    @cached_property
    def records(self) -> list[ClinicalRecord]:
        """What was written for it, newest first."""
        return records_of(self.todo, self.definition.form)

    @cached_property
    def checked(self) -> ClinicalRecord | None:
        """The record that a second clinician is to look at; None for every other duty."""
        about = self.todo.result.get("record_about")
        if about is None:
            return None
        return RECORDS[self.todo.result["form"]]._default_manager.filter(pk=about).first()

    @cached_property
    def bound(self) -> Bound:
        """The facts of the decision this sign-off belongs to."""
        assert self.definition.decision is not None
        return bound_to(self.case.id, self.protocol, self.definition.decision)

    @cached_property
    def trial_day(self) -> TrialDay | None:
        """The trial day that this to-do reads."""
        return read_day(self.todo, self.definition.form, self.calendar, timezone.now())

    @cached_property
    def trial_course(self) -> TrialCourse | None:
        """The doses given so far, on a to-do that gives one."""
        return course_of(self.case.id) if self.definition.form == "trial_dose" else None

    @property
    def may_observe(self) -> bool:
        """Whether this person records observations of a trial day here."""
        return self.todo.is_open and bool(self.roles & OBSERVERS)

    def record_form(self, data: Any = None) -> RecordForm:
        """The form of its record; a correction starts from what was written before."""
        assert self.definition.form is not None
        before = next((record for record in self.records if record.superseded_at), None)
        return FORMS[self.definition.form](
            data,
            situation=self.situation,
            colleagues=self.staff.physicians_but(self.me),
            initial=self._known() if before is None else corrected(self.todo, self.definition.form, before),
        )

    def _known(self) -> dict[str, Any]:
        """What the case knows already about the record of this to-do."""
        if self.trial_day is not None:
            return self.trial_day.known()
        if self.trial_course is not None:
            return known_dose(self.trial_course, self.todo)
        if self.definition.form == "refill" and self.situation.pump is not None:
            dose = self.situation.pump.log.state().dose_mcg_per_day
            return {"daily_dose_mcg_per_day": dose}  # it mostly goes on; the panel beside it says so
        return known_of(self.todo, str(self.definition.form))

    @cached_property
    def situation(self) -> Situation:
        """What a record of this to-do is judged on."""
        assert self.definition.form is not None
        return circumstances_of(
            self.case,
            RECORDS[self.definition.form],
            todo_id=self.todo.id,
            birth_date=self.case.patient.birth_date,
            today=self.today,
            now=timezone.now(),
            time_zone=self.clinic.time_zone,
        ).situation

    def sign_form(self, data: Any = None) -> SignForm:
        """The signature, always bound to the facts this page shows."""
        assert self.definition.decision is not None
        if data is not None:
            data = data.copy()
            data["facts_hash"] = self.bound.facts_hash
        initial = {"facts_hash": self.bound.facts_hash}
        return SignForm(data, initial=initial, decision=self.definition.decision)

    def hand_over_form(self, data: Any = None) -> HandOverForm:
        """To whom it can go: whoever holds its role, but not to its owner."""
        people = [
            (key, f"{name} (me)" if key == str(self.me) else name)
            for key, name in self.staff.options(self.role)
            if key != str(self.todo.owner_id)
        ]
        return HandOverForm(data, people=people)

    def context(self, forms: Forms | None = None, answer: Answer | None = None) -> dict[str, Any]:
        """Everything the template needs. `forms` are bound forms that were refused, by action."""
        given = forms or {}
        self._learn_names()
        links = newest_todos(self.case.id) if answer and answer.verdict else {}
        ended, work, trial = not self.todo.is_open, self._work(given), self._trial(given)
        typed = given.get("record") if ended else None
        standing = any(record.superseded_at is None for record in self.records)
        result_card = ended and self.definition.decision is None and not standing
        return {
            "todo": self.todo,
            "definition": self.definition,
            "case": self.case,
            "patient": self.case.patient,
            "crumbs": [
                ("My work", "/"),
                (self.case.patient.display_name, reverse("case", args=[self.case.id])),
            ],
            "today": self.today,
            "stage": Stage(self.todo.stage if ended else self.case.stage).label,
            "incident_id": incident_of(self.todo) if self.todo.key.startswith("incident_") else None,
            "prints_card": not ended and self.definition.form in HANDS_OVER_A_CARD,
            "ended": ended,
            "state": self._state(),
            "alert": alert_of(answer, links),
            "is_prompt": self.is_prompt,
            "waits_for": [self.protocol.todos[key].title for key in self.definition.after],
            "blocked": self.blocked.verdict if self.blocked and not ended else None,
            "ended_by": self.staff.name(self._ended_by),
            "checked": self._version(self.checked) if self.checked else None,
            "versions": [self._version(record) for record in self.records],
            "typed": typed,
            "result_card": result_card,
            "has_work": bool(work or self.records or result_card or typed or trial),
            **self.owner(),
            **work,
            **trial,
            "actions": self._actions(given),
        }

    def _trial(self, given: Forms) -> dict[str, Any]:
        """The trial day on the page of the to-do that reads it; the next dose on the page of the one that gives it."""
        if self.trial_course is not None and self.todo.is_open:
            return {"trial_dose": dose_context(self.trial_course, self.todo, self.calendar)}
        return day_context(
            self.trial_day, self.staff, may_record=self.may_observe, picked=self.picked, given=given
        )

    def owner(self) -> dict[str, Any]:
        """Whose it is and whether this person may take it or give it back: the card that htmx swaps."""
        mine = self.todo.owner_id == self.me
        may = self.todo.is_open and self.role in self.roles
        return {
            "todo": self.todo,
            "role": self.role,
            "owner_name": self.staff.name(self.todo.owner_id) if self.todo.owner_id else "",
            "owner_away": away_words(self.staff, self.todo.owner_id, self.me) if self.todo.is_open else "",
            "is_mine": mine,
            "holders": [name for _, name in self.staff.options(self.role)],
            "can_claim": may and self.todo.owner_id is None,
            "can_release": may and mine,
        }

    @property
    def _ended_by(self) -> UUID | None:
        """Who ended it; the engine writes a zero id where the system did."""
        return self.todo.ended_by_id if self.todo.ended_by_id and self.todo.ended_by_id.int else None

    def _learn_names(self) -> None:
        people = [self.todo.owner_id, self._ended_by, *(record.recorded_by_id for record in self.records)]
        if self.checked is not None:
            people.append(self.checked.recorded_by_id)
        if self.definition.decision:
            people += [bound.ended_by_id for bound in self.bound.todos.values()]
            people += [signed.signer_id for signed in self.signatures]
        self.staff = self.staff.knowing(person for person in people if person and person.int)

    def _state(self) -> tuple[str, str, str]:
        """(variant, words, icon) of the label beside the title."""
        state = TodoState(self.todo.state)
        if state is TodoState.OPEN:
            return ("info", "Open", "circle-dot")
        if state is TodoState.DONE:
            return ("success", "Done", "circle-check")
        return ("neutral", state.label, "circle-x")

    def _version(self, record: ClinicalRecord) -> dict[str, Any]:
        return {
            "shown": readable(record, self.clinic.time_zone, self._pump_name),
            "by": self.staff.name(record.recorded_by_id),
            "at": record.recorded_at,
            "superseded_at": record.superseded_at,
        }

    def _pump_name(self, code: str) -> str:
        return pump_model_of(self.clinic.id, code).name

    def _work(self, given: Forms) -> dict[str, Any]:
        """The part that ends the to-do: a record, a signature, a move of the case, or a plain confirmation."""
        if self.definition.decision is not None:
            return self._signing(given)
        if not self.todo.is_open or self.blocked is not None:
            return {}
        if self.is_prompt:
            return self._moving()
        if self.definition.form is None:
            return {"confirm_only": True}
        form = given.get("record") or self.record_form()
        return {
            "form": form,
            "panel": panel_of(form),
            "form_url": reverse("todo", args=[self.todo.id]),
            "check_url": reverse("todo-check", args=[self.todo.id]),
            "cancel_url": reverse("case", args=[self.case.id]),
        }

    @cached_property
    def signatures(self) -> Sequence[SignOff]:
        """Every signature on this decision, the newest first."""
        signed = SignOff.objects.filter(case_id=self.case.id, decision=str(self.definition.decision))
        return list(signed.order_by("-signed_at"))

    def _signing(self, given: Forms) -> dict[str, Any]:
        can, decision = self.todo.is_open and self.blocked is None, self.definition.decision
        assert decision is not None
        return {
            "decision": decision,
            "sign_form": (given.get("sign") or self.sign_form()) if can else None,
            "bound": bound_lines(self.bound, self.protocol, decision, self.staff, self.clinic.time_zone),
            "votes": [
                signature_line(signed, self.staff.name(signed.signer_id)) for signed in self.signatures
            ],
        }

    def _moving(self) -> dict[str, Any]:
        """An edge's prompt: what the gate says now, and the button that moves the case."""
        if self.todo.key == REOPEN_PROMPT.key:
            return {
                "move_title": "Agree: reopen the case",
                "move_url": reverse("case-reopen", args=[self.case.id]),
                "move_form": ReopenCaseForm(initial={"reason": "Agreed."}),
                "asked": self.todo.result,
                "asked_by": self.staff.name(self.todo.result.get("asked_by")),
            }
        read = read_case(self.case, timezone.now())
        edge = EDGE[self.todo.key.removeprefix("edge_")]
        gate = self.protocol.edge_from(read.facts.stage, edge.name)
        verdict = judge(self.protocol, gate, read.facts) if gate else None
        links = {key: todo.id for key, todo in read.newest().items()}
        return {
            "move_title": edge.label,
            "move_url": reverse("case-advance", args=[self.case.id, edge.name]),
            "move_form": MoveForm(
                initial={"version": self.case.event_seq}, edge=edge.name, needs_reason=edge.needs_reason
            ),
            "move_reasons": reasons_of(verdict, links),
        }

    def _actions(self, given: Forms) -> list[dict[str, Any]]:
        """The secondary actions this person may try, each with its form."""
        mine, keeper = self.role in self.roles, bool(self.roles & {self.role, Role.COORDINATOR})
        offered: list[tuple[str, str, str, Any]] = []
        if self.todo.is_open and keeper:
            offered.append(("hand-over", "Hand over", "users", self.hand_over_form))
        if self.todo.is_open and mine and self.blocked is None and self.definition.skippable:
            offered.append(("not-applicable", "Not applicable", "circle-x", NotApplicableForm))
        if self._can_reopen(keeper):
            label = "Withdraw my signature" if self.definition.decision else "Reopen to correct"
            offered.append(("reopen", label, "undo-2", ReopenTodoForm))
        return [
            {
                "label": label,
                "icon": icon,
                "url": reverse(f"todo-{name}", args=[self.todo.id]),
                "form": given.get(name) or form(),
                "open": name in given,
            }
            for name, label, icon, form in offered
        ]

    def _can_reopen(self, keeper: bool) -> bool:
        settled = self.todo.state in (TodoState.DONE, TodoState.NOT_APPLICABLE)
        if not settled or not keeper or not self.case.is_open or self.is_prompt:
            return False
        return self.definition.decision is None or self.todo.ended_by_id == self.me


def action_form(page: TodoPage, name: str, data: Any) -> ReasonForm:
    """The bound form of a secondary action."""
    match name:
        case "hand-over":
            return page.hand_over_form(data)
        case "not-applicable":
            return NotApplicableForm(data)
    return ReopenTodoForm(data)
