"""The simulated instant: a few bytes of memory that the driver moves and every process of a run reads."""

from __future__ import annotations

import mmap
import os
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

#: Names the clock's file to the processes of a run.
VARIABLE = "SIMULATED_CLOCK"
_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LAYOUT = struct.Struct("<qqq")


class Clock:
    """Has `now`, so it stands where a module has `django.utils.timezone`.

    A turn is one round of beat: the driver may ask for another without moving the instant. A look is one round of the
    task by which the system watches itself: it is asked for when the rest of a turn is done, since a clock that jumps
    by hours makes everything look late for a moment.
    """

    def __init__(self, file: Path) -> None:
        if not file.exists():
            file.write_bytes(_LAYOUT.pack(0, 0, 0))
        descriptor = os.open(file, os.O_RDWR)
        self._memory = mmap.mmap(descriptor, _LAYOUT.size)
        os.close(descriptor)

    def now(self) -> datetime:
        """The simulated instant (UTC)."""
        return _BEGIN + self._read()[0] * _MICROSECOND

    @property
    def turn(self) -> int:
        """How many rounds of beat were asked for."""
        return self._read()[1]

    def move(self, instant: datetime) -> None:
        """Set the instant; it never goes back. It asks beat for nothing."""
        microseconds = (instant - _BEGIN) // _MICROSECOND
        before, turn, looks = self._read()
        assert microseconds >= before, "the clock never goes back"
        self._memory[:] = _LAYOUT.pack(microseconds, turn, looks)

    def ask(self) -> None:
        """Ask beat for one more round."""
        microseconds, turn, looks = self._read()
        self._memory[:] = _LAYOUT.pack(microseconds, turn + 1, looks)

    @property
    def looks(self) -> int:
        """How often the system was asked to look at itself."""
        return self._read()[2]

    def ask_to_look(self) -> None:
        """Ask beat for the task by which the system watches itself."""
        microseconds, turn, looks = self._read()
        self._memory[:] = _LAYOUT.pack(microseconds, turn, looks + 1)

    def _read(self) -> tuple[int, int, int]:
        microseconds, turn, looks = _LAYOUT.unpack(self._memory[:])
        return microseconds, turn, looks


def clock_of_run() -> Clock:
    """The clock that the environment names."""
    return Clock(Path(os.environ[VARIABLE]))
