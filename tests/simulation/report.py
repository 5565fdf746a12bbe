"""The words of a result: one line a seed, what was wrong, and the table at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

Outcome = dict[str, Any]


def failures(result: Outcome) -> list[str]:
    """Everything that must not be; empty for a good seed."""
    if "crashed" in result:
        return [f"the run did not end: {result['crashed']}"]
    mail = result["mail"]
    found = [
        *(f"pump {what}, {times} times" for what, times in result["wrong_pumps"].items()),
        *(f"not done: {what}" for what in result["stuck"]),
        *(f"lost: {what}, {times} times" for what, times in mail["lost"].items()),
    ]
    counts = {
        "rungs fired twice": result["rungs_twice"],
        "cases without a duty": result["without_duty"],
        "copies that no kill explains": mail["unexplained"],
        "notices carried by two mails": mail["carried_twice"],
    }
    found += [f"{what}: {times}" for what, times in counts.items() if times]
    return found if result["history_whole"] else [*found, "a history does not verify"]


def line(result: Outcome) -> str:
    """One seed."""
    wrong = failures(result)
    if "crashed" in result:
        return f"seed {result['seed']:>3}: {wrong[0]}"
    mail = result["mail"]
    said = (
        f"seed {result['seed']:>3}: {result['seconds']:.0f} s ({sum(result['cpu_seconds'].values()):.0f} of CPU), "
        f"{result['patients']} patients, {result['days']} days, "
        f"{result['actions']} actions, {result['rungs']} rungs, {sum(result['faults'].values())} faults; "
        f"{mail['notices']} notices: {mail['told']} told, {mail['kept']} kept, {mail['overtaken']} overtaken; "
        f"{mail['arrived']} mails, {mail['doubled']} doubled, {result['resent']} sent again by a person; "
        f"{'as promised' if not wrong else 'WRONG: ' + '; '.join(wrong[:6])}"
    )
    refused = sum(result["refused_actions"].values())
    return said + (f" ({refused} actions refused)" if refused else "")


def table(results: Sequence[Outcome]) -> str:
    """All seeds together."""
    ended = [one for one in results if "crashed" not in one]
    total: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    for one in ended:
        mail = one["mail"]
        faults.update(one["faults"])
        total.update(
            {
                "patient-years": round(one["patients"] * one["days"] / 365.25),
                "people's actions": one["actions"],
                "looks at every pump": one["looks"],
                "refill duties late to appear or unowned": sum(one["wrong_pumps"].values()),
                "rungs fired": one["rungs"],
                "rungs fired twice": one["rungs_twice"],
                "steps not done in time": len(one["stuck"]),
                "cases without a duty": one["without_duty"],
                "histories broken": int(not one["history_whole"]),
                "notices": mail["notices"],
                "notices lost": sum(mail["lost"].values()),
                "mails arrived": mail["arrived"],
                "mails doubled, in flight at a kill": mail["doubled"] - mail["unexplained"],
                "mails doubled otherwise": mail["unexplained"],
                "dead letters sent again by a person": one["resent"],
                "kills and crashes": one["kills"],
                "hung workers restarted by the supervisor": one["restarts"],
            }
        )
    lines = [
        f"{len(ended)} of {len(results)} seeds ended, {sum(not failures(one) for one in ended)} as promised"
    ]
    lines += [f"  {what:42} {times:>10,}" for what, times in total.items()]
    lines.append("  faults: " + ", ".join(f"{name} {times}" for name, times in sorted(faults.items())))
    return "\n".join(lines)
