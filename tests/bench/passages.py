"""The passage bench: the engine against both floors, in turn, in one run."""

from __future__ import annotations

from collections.abc import Callable

from tests.bench.floor import Floor
from tests.bench.ground import Cost, Database, alternate, median, raw, set_full_page_writes, wal_position
from tests.bench.passage import Passages, recorded
from tests.bench.report import Line, Report
from tests.bench.shares import shares
from tests.cast import Cast

Contestants = dict[str, "Passages | Floor"]


def contestants(cast: Cast, database: Database) -> Contestants:
    """The engine and both floors, the floors replaying what the engine wrote for one patient."""
    engine = Passages(cast, database)
    _, actions = recorded(engine)
    return {
        "engine": engine,
        "statements": Floor(actions, engine.number, database.name, one_statement=False),
        "one": Floor(actions, engine.number, database.name, one_statement=True),
    }


def race(who: Contestants, *, rounds: int, repeat: int) -> dict[str, list[Cost]]:
    """The cost of a passage for each contestant, for every round."""
    return alternate({name: (one.meter, one.run) for name, one in who.items()}, rounds=rounds, repeat=repeat)


def passages_bench(cast: Cast, database: Database, report: Report, *, quick: bool) -> None:
    """Cost, statements and WAL of a passage."""
    who = contestants(cast, database)
    engine, floor = who["engine"], who["statements"]
    assert isinstance(engine, Passages)
    assert isinstance(floor, Floor)
    sent, actions = engine.statements(), engine.actions
    costs = race(who, rounds=3 if quick else 7, repeat=3 if quick else 8)
    for name in who:
        report.note(
            f"passage, {name}: {1e3 * median(costs[name], 'wall'):.1f} ms wall, "
            f"{1e3 * median(costs[name], 'client'):.1f} ms client CPU, {1e3 * median(costs[name], 'server'):.1f} ms "
            f"server CPU; {actions} actions"
        )
    for name, title, bar, stretch in (
        ("statements", "action against statement by statement", 1.3, 0.7),
        ("one", "action against one statement an action", None, None),
    ):
        for kind in ("cpu", "wall"):
            value = median(costs["engine"], kind) / median(costs[name], kind)
            report.add(Line(f"{title} ({kind})", value, bar=bar, stretch=stretch))
    per_35 = 35 / actions
    report.add(
        Line("statements per 35 actions", sent * per_35, "", 90, 45, note=f"{sent} for {actions} actions")
    )
    both = sent + 2 * actions
    report.add(
        Line(
            "… with BEGIN and COMMIT",
            both * per_35,
            "",
            note=f"hand-written: {floor.count()} + {2 * actions}",
        )
    )
    shares(engine, report, patients=10 if quick else 30)
    _wal(who, report, patients=3 if quick else 10)
    for one in (floor, who["one"]):
        one.close()


def _wal(who: Contestants, report: Report, *, patients: int) -> None:
    with raw(autocommit=True) as link:
        for on, title in ((False, ""), (True, ", first touch after a checkpoint")):
            for name in ("engine", "statements"):
                set_full_page_writes(link, on)
                size = _written(who[name].run, lambda: wal_position(link), patients) / 1000
                bars = (60.0, 45.0) if name == "engine" and not on else (None, None)
                report.add(Line(f"WAL a patient, {name}{title}", size, "kB", *bars))
        set_full_page_writes(link, False)


def _written(run: Callable[[], object], position: Callable[[], int], patients: int) -> float:
    before = position()
    for _ in range(patients):
        run()
    return (position() - before) / patients


def growth_bench(
    cast: Cast, small: Database, large: Database, report: Report, *, quick: bool, cases: int
) -> None:
    """An action's cost with few patients in the tables and with many, in turn; and the floor's own growth."""
    places = {"few": contestants(cast, small), "many": contestants(cast, large)}
    who = {
        f"{place} {name}": one
        for place, found in places.items()
        for name, one in found.items()
        if name != "one"
    }
    costs = race(who, rounds=3 if quick else 5, repeat=2 if quick else 5)
    ours, floors = (
        median(costs[f"many {name}"], "cpu") / median(costs[f"few {name}"], "cpu")
        for name in ("engine", "statements")
    )
    note = f"to {cases} patients; the floor's own growth {floors:.2f}"
    report.add(Line("growth of an action (cpu)", ours, bar=1.15, stretch=1.05, note=note))
