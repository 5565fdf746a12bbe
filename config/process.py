"""Child processes that never outlive their parent, and that stop when asked.

Knows operating-system processes only. On Linux the kernel delivers the death signal; elsewhere an orderly
stop does.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1
# Loaded here, not in the forked child, where importing anything could deadlock.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def follow_parent(death_signal: signal.Signals, parent: int | None = None) -> None:
    """Ask the kernel to send `death_signal` to this process when its parent dies, however it dies.

    `parent` is the parent's process id before a fork: a parent that died in between is noticed too.
    """
    if _LIBC is None:
        return
    _LIBC.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if parent is not None and os.getppid() != parent:
        os.kill(os.getpid(), death_signal)


def spawn(
    argv: Sequence[str],
    *,
    directory: Path,
    environment: Mapping[str, str] | None = None,
    output: IO[bytes] | int | None = None,
    death_signal: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start `argv` in its own process group (Ctrl-C reaches the parent alone), bound to the life of this
    thread.
    """
    return subprocess.Popen(
        list(argv),
        cwd=directory,
        env=None if environment is None else dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        start_new_session=True,
        preexec_fn=_follower(death_signal),  # noqa: PLW1509 - the callers have one thread when they spawn
    )


def _follower(death_signal: signal.Signals) -> Callable[[], None]:
    parent = os.getpid()
    return lambda: follow_parent(death_signal, parent)


def stop(process: subprocess.Popen[bytes], stop_signal: signal.Signals, *, seconds: float) -> bool:
    """Signal `process`, wait, then kill its whole group. True when it stopped by itself in time."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(stop_signal)
    try:
        process.wait(timeout=seconds)
        in_time = True
    except subprocess.TimeoutExpired:
        in_time = False
    # The group may hold grandchildren that missed the signal; it keeps the leader's id while any of them
    # lives.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return in_time
