"""The demonstration: two invented clinics, their people, and a set of cases that show every situation at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pathway.models import Absence, Case, Clinic, Patient
from pathway.protocol.roles import Role, Stage
from pathway.synthetic.cases import make_case
from pathway.synthetic.drive import Walked
from pathway.synthetic.habits import settle_in
from pathway.synthetic.names import record_number
from pathway.synthetic.scenario import Scenario, Turn
from pathway.synthetic.staff import Person, make_staff, staff_of

RIVERSIDE = (
    Person("nora", "Nora Northfield", Role.NEUROSURGEON),
    Person("nils", "Nils Mockstone", Role.NEUROSURGEON),
    Person("phil", "Phil Physwood", Role.PHYSIATRIST),
    Person("petra", "Petra Samplewell", Role.PHYSIATRIST),
    Person("anna", "Anna Anestone", Role.ANESTHESIOLOGIST),
    Person("arno", "Arno Fableford", Role.ANESTHESIOLOGIST),
    Person("nell", "Nell Nurseham", Role.NURSE),
    Person("cora", "Cora Coordale", Role.COORDINATOR),
    Person("chris", "Chris Shamfield", Role.COORDINATOR),
)
HILLSIDE = (
    Person("omar", "Omar Overhill", Role.COORDINATOR),
    Person("nadia", "Nadia Hillstone", Role.NEUROSURGEON),
    Person("paul", "Paul Hillwood", Role.PHYSIATRIST),
    Person("alma", "Alma Hillbrook", Role.ANESTHESIOLOGIST),
)
INFECTION = "Urinary infection; antibiotics until the culture is clear"
AWAY = "The family is abroad"
E, S, T, I, R, L, C = (  # noqa: E741 - one letter a stage keeps the table below readable
    Stage.EVALUATION,
    Stage.SELECTION,
    Stage.TRIAL,
    Stage.IMPLANT,
    Stage.TITRATION,
    Stage.LONG_TERM,
    Stage.CLOSED,
)


def _closed(name: str, stage: Stage, reason: str, after: float, key: str = "", **more: Any) -> Scenario:
    return Scenario(name, C, turns=(Turn("close", stage, after, key, reason=reason),), **more)


#: Nobody has answered yet: everything of the last day stays undone.
UNANSWERED = dict.fromkeys(
    (f"incident_{role}" for role in ("physiatrist", "neurosurgeon", "anesthesiologist")), 1.0
)

RIVERSIDE_CASES = (
    Scenario("referred today or yesterday", E, 0.6),
    Scenario("first week", E, 4, named_team=False),
    Scenario("evaluation half done", E, 11),
    Scenario("surgical review overdue", E, 33, undone={"surgical_review": 40}, named_team=True),
    Scenario(
        "whole evaluation stuck with anesthesia", E, 52, undone={"anesthesia_review": 60}, named_team=False
    ),
    Scenario("on hold in evaluation", E, 24, (Turn("hold", E, 6, reason=INFECTION),)),
    Scenario("ready to be accepted", E, 40, undone={"edge_accept": 60}),
    Scenario("selection begins", S, 4),
    Scenario("signatures under way", S, 12, undone={"candidacy_anesthesiologist": 14}),
    Scenario(
        "dissent waits for the meeting",
        S,
        13,
        against=("candidacy_neurosurgeon",),
        undone={"mdt_dissent": 20},
    ),
    Scenario(
        "a signature lapsed",
        S,
        16,
        (
            Turn(
                "correct",
                S,
                0.5,
                "candidacy_physiatrist",
                "The dose of tizanidine was wrong",
                "medication_history",
            ),
        ),
        undone={"candidacy_physiatrist#2": 30},
    ),
    Scenario("on hold before the trial", S, 30, (Turn("hold", S, 7, reason=AWAY),)),
    Scenario("trial is planned", T, 4),
    Scenario("first dose was not enough", T, 13, doses_fail=1),
    Scenario("trial to be signed", T, 15, undone={"trial_result_neurosurgeon": 20}, doses_fail=0),
    Scenario("no response, to be discussed", T, 16, doses_fail=3, undone={"trial_failed_review": 20}),
    Scenario("operation to be booked", I, 9, undone={"theatre_booking": 20}),
    Scenario("plans for the operation", I, 9),
    Scenario("plans overdue", I, 17, undone={"anesthesia_plan": 25}),
    Scenario("operated some days ago", I, 36, undone={"education_second": 12, "edge_start_titration": 15}),
    Scenario("without a trial", I, 12, waive=True),
    Scenario("titration begins", R, 13),
    Scenario("titration at six weeks", R, 40),
    Scenario("reviews missed", R, 60, undone={"titration_review": 17, "weekly_call": 10}),
    Scenario("titration on hold", R, 55, (Turn("hold", R, 35, reason=AWAY),)),
    Scenario("about to settle", R, 88, undone={"edge_settle": 30}),
    Scenario("settled lately", L, 40),
    Scenario("long-term, first year", L, 250),
    Scenario("long-term, refill this week", L, 420, refill_by_in=4, undone={"refill": 30}),
    Scenario(
        "long-term, refill due in two weeks",
        L,
        380,
        refill_by_in=13,
        undone={"refill": 30, "book_refill": 60},
    ),
    Scenario(
        "long-term, past its refill date", L, 500, refill_by_in=-3, undone={"refill": 30, "book_refill": 60}
    ),
    Scenario("long-term, late refills", L, 450, late_refills=(2, 4)),
    Scenario("pump near its end of service", L, 2250),
    Scenario(
        "titrated again",
        R,
        30,
        (Turn("retitrate", L, 200, reason="Spasms came back; the catheter is in place"),),
    ),
    Scenario(
        "revision planned", I, 10, (Turn("revise", L, 400, reason="Catheter fracture on the plain film"),)
    ),
    Scenario(
        "closed by mistake and reopened",
        E,
        21,
        (
            Turn("close", E, 9, reason="withdrew"),
            Turn("reopen", C, 2, reason="Mixed up with another patient: this one goes on"),
        ),
        undone={"edge_accept": 60},
    ),
    Scenario(
        "red incident, not acknowledged",
        L,
        210,
        (
            Turn(
                "report",
                L,
                key="withdrawal",
                reason="The caregiver called: scratching all night, legs stiff.",
                before_end=0.03,
            ),
        ),
        undone=UNANSWERED,
    ),
    Scenario(
        "orange incident, being worked on",
        L,
        140,
        (
            Turn("report", L, key="catheter", reason="Spasms are back in the left leg.", before_end=0.2),
            Turn("acknowledge", L, before_end=0.17),
        ),
        undone={"incident_neurosurgeon": 1},
    ),
    Scenario(
        "incident closed",
        R,
        45,
        (
            Turn("report", R, key="seroma", reason="The pocket is swollen, soft, not warm.", before_end=9),
            Turn("acknowledge", R, before_end=8.9),
        ),
    ),
    _closed(
        "declined after a dissent", S, "declined", 2, "mdt_dissent", against=("candidacy_anesthesiologist",)
    ),
    _closed("not eligible", S, "declined", 0.3, "eligibility", days=60, not_eligible=True),
    _closed("non-responder", T, "non_responder", 2, "trial_failed_review", doses_fail=3),
    _closed("withdrew before the operation", I, "withdrew", 4, days=75),
    _closed("lost in evaluation", E, "lost", 90, days=120, undone={"goals": 400, "surgical_review": 400}),
    _closed("moved away", L, "transferred", 190, days=45),
    _closed("pump explanted", L, "explanted", 260, days=40),
    _closed("died", L, "died", 330, days=150),
    Scenario("trial day under way", T, 8, undone={"trial_readings": 3}, injected_ago=260),
)
HILLSIDE_CASES = (
    Scenario("evaluation", E, 9),
    Scenario("social checklist overdue", E, 38, undone={"social_checklist": 40}, named_team=True),
    Scenario("selection", S, 9),
    Scenario("operation to be booked", I, 5, undone={"theatre_booking": 12}, named_team=True),
    Scenario("titration", R, 21),
    Scenario("long-term", L, 300, refill_by_in=9, undone={"refill": 30}),
)
CLINICS = (
    (
        {
            "name": "Riverside ITB programme",
            "slug": "riverside",
            "time_zone": "America/Chicago",
            "country": "US",
            "emergency_phone": "+1 555 0100",
            "hospital_name": "Riverside General Hospital",
        },
        RIVERSIDE,
        RIVERSIDE_CASES,
    ),
    (
        {"name": "Hillside ITB programme", "slug": "hillside", "time_zone": "Europe/Berlin", "country": "DE"},
        HILLSIDE,
        HILLSIDE_CASES,
    ),
)


def make_demo(*, end: datetime, seed: int, password: str) -> list[tuple[Scenario, Walked]]:
    """Both clinics with their people and every case, driven up to `end`. Returns the cases that were made now.

    What exists stays as it is, so a seeding that was interrupted goes on where it stopped.
    """
    made: list[tuple[Scenario, Walked]] = []
    for identity, people, scenarios in CLINICS:
        clinic = Clinic.objects.filter(slug=identity["slug"]).first()
        staff = staff_of(clinic) if clinic else make_staff(identity, people, password)
        known = set(Patient.objects.filter(clinic=staff.clinic).values_list("mrn", flat=True))
        for number, scenario in enumerate(scenarios, start=1):
            if record_number(staff.clinic.slug, number) not in known:
                case_seed = f"{seed}:{staff.clinic.slug}:{number}"
                made.append(
                    (scenario, make_case(staff, scenario, seed=case_seed, number=number, end=end, spread=1.3))
                )
        if not Absence.objects.filter(clinic=staff.clinic).exists() and staff.clinic.lead_id is None:
            pumps = Case.objects.filter(clinic=staff.clinic, stage__in=(R, L), pumps__isnull=False)
            settle_in(staff, pumps.order_by("opened_at").values_list("id", flat=True).distinct(), end)
    return made
