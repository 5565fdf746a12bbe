"""A small process tree in one terminal: start in order, restart what dies, stop in reverse, leave no orphan.

Knows programs and their output, not what they do. One thread only: the kernel ties a child to the thread that
started it, and a thread that ends would take its children along.
"""

from __future__ import annotations

import contextlib
import io
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from config.embedded import Server
from config.process import spawn

FIRST_DELAY_S = 1.0
LONGEST_DELAY_S = 30.0
#: A child that ran this long before it died starts again with the first delay.
STEADY_S = 60.0
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(BaseException):
    """Ctrl-C or a signal to end. Not an Exception, so no handler on the way mistakes it for a failure."""


class ServiceError(Exception):
    """A service did not come up or a step failed; the message is a sentence for the terminal."""


@dataclass(frozen=True)
class Service:
    """One program to keep running. `answers` tells when it is ready to be used."""

    name: str
    argv: Sequence[str]
    directory: Path
    environment: Mapping[str, str] | None = None
    answers: Callable[[], bool] = lambda: True
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 20.0

    @classmethod
    def of(cls, server: Server) -> Service:
        """An embedded server as a service."""
        return cls(
            server.name,
            server.argv,
            server.directory,
            answers=server.answers,
            stop_signal=server.stop_signal,
        )


@dataclass
class _Child:
    service: Service
    process: subprocess.Popen[bytes]
    started: float
    delay: float = FIRST_DELAY_S
    restart_at: float | None = None
    unfinished_line: bytes = field(default=b"", repr=False)


class Supervisor:
    """Starts services and steps; `watch` keeps them running until a signal asks to stop."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._children: list[_Child] = []
        self._outputs = selectors.DefaultSelector()

    @contextlib.contextmanager
    def session(self) -> Iterator[None]:
        """Run the block with signals turned into a stop; whatever ends it, every child is stopped first."""
        former = {number: signal.signal(number, _raise_stop) for number in _STOPPING}
        try:
            yield
        except StopRequested:
            self.say("stopping")
        finally:
            for number in _STOPPING:
                signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not interrupt the clean-up
            self._stop_all()
            for number, handler in former.items():
                signal.signal(number, handler)

    def say(self, sentence: str) -> None:
        self._print("pathway", sentence)

    def start(self, service: Service, *, seconds: float = 90) -> None:
        """Start `service` and wait until it answers. Raises ServiceError when it ends or stays silent."""
        child = self._spawn(service)
        self._children.append(child)
        deadline = time.monotonic() + seconds
        while not service.answers():
            self._pump(0.05)
            if child.process.poll() is not None:
                self._drain(child)
                raise ServiceError(f"{service.name} ended at its start ({_ending(child.process)}).")
            if time.monotonic() > deadline:
                raise ServiceError(f"{service.name} does not answer after {seconds:.0f} s.")

    def run(self, step: Service) -> None:
        """Run a program to its end. Raises ServiceError when it fails."""
        child = self._spawn(step)
        self._children.append(child)  # so that a stop in the middle ends it too
        while child.process.poll() is None:
            self._pump(0.05)
        self._drain(child)
        self._children.remove(child)
        if child.process.returncode != 0:
            raise ServiceError(f"{step.name} failed ({_ending(child.process)}).")

    def watch(self) -> None:
        """Keep every service running, for ever; a StopRequested ends it."""
        while True:
            self._pump(0.2)
            for child in self._children:
                self._tend(child, time.monotonic())

    # --- children ---
    def _spawn(self, service: Service) -> _Child:
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        try:
            process = spawn(
                service.argv,
                directory=service.directory,
                environment=service.environment,
                output=writer,
                death_signal=service.stop_signal,
            )
        except OSError as error:
            os.close(reader)
            raise ServiceError(f"{service.name} cannot be started: {error}.") from error
        finally:
            os.close(writer)
        child = _Child(service, process, started=time.monotonic())
        self._outputs.register(io.FileIO(reader, "rb"), selectors.EVENT_READ, child)
        return child

    def _tend(self, child: _Child, now: float) -> None:
        """Notice a death, and start the service again when its time has come."""
        if child.restart_at is not None:
            if now >= child.restart_at:
                self._restart(child, now)
            return
        if child.process.poll() is None:
            return
        self._drain(child)
        _end_group(child.process)
        if now - child.started >= STEADY_S:
            child.delay = FIRST_DELAY_S
        child.restart_at = now + child.delay
        self.say(f"{child.service.name} died ({_ending(child.process)}); starts again in {child.delay:.0f} s")
        child.delay = min(child.delay * 2, LONGEST_DELAY_S)

    def _restart(self, child: _Child, now: float) -> None:
        try:
            fresh = self._spawn(child.service)
        except ServiceError as failure:
            self.say(str(failure))
            child.restart_at = now + child.delay
            return
        fresh.delay = child.delay
        self._children[self._children.index(child)] = fresh
        self.say(f"{child.service.name} started again (process {fresh.process.pid})")

    def _stop_all(self) -> None:
        for child in reversed(self._children):
            self._stop(child)
        self._children.clear()
        for key in list(self._outputs.get_map().values()):
            self._close(key.fileobj)  # type: ignore[arg-type]

    def _stop(self, child: _Child) -> None:
        """Ask, wait while showing what the child still says, then kill what is left of its group."""
        if child.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                child.process.send_signal(child.service.stop_signal)
        deadline = time.monotonic() + child.service.stop_seconds
        while child.process.poll() is None and time.monotonic() < deadline:
            self._pump(0.02)
        if child.process.poll() is None:
            self.say(f"{child.service.name} did not stop in {child.service.stop_seconds:.0f} s and is killed")
        _end_group(child.process)
        child.process.wait()
        self._drain(child)

    # --- output ---
    def _pump(self, seconds: float) -> None:
        """Show what the children wrote, waiting at most `seconds` for it."""
        if not self._outputs.get_map():
            time.sleep(seconds)
            return
        for key, _ in self._outputs.select(seconds):
            self._read(key.fileobj, key.data)  # type: ignore[arg-type]

    def _read(self, stream: io.FileIO, child: _Child) -> bool:
        """One read; False at the end of the stream, or when there is nothing now."""
        data = stream.read(65536)
        if data is None:
            return False
        if not data:
            self._close(stream)
            return False
        *lines, child.unfinished_line = (child.unfinished_line + data).split(b"\n")
        for line in lines:
            self._print(child.service.name, line.decode(errors="replace").rstrip())
        return True

    def _drain(self, child: _Child) -> None:
        """Show the last words of a child that ended; a grandchild may still hold the pipe, so never wait for
        it.
        """
        for key in list(self._outputs.get_map().values()):
            if key.data is child:
                while self._read(key.fileobj, child):  # type: ignore[arg-type]
                    pass
                if key.fd in self._outputs.get_map():
                    self._close(key.fileobj)  # type: ignore[arg-type]
        if child.unfinished_line:
            self._print(child.service.name, child.unfinished_line.decode(errors="replace"))
            child.unfinished_line = b""

    def _close(self, stream: io.FileIO) -> None:
        self._outputs.unregister(stream)
        stream.close()

    def _print(self, name: str, line: str) -> None:
        with contextlib.suppress(OSError):  # a closed terminal must not keep the children from being stopped
            self._write(f"{name:<9}| {line}")


def _raise_stop(number: int, frame: object) -> None:
    raise StopRequested(signal.Signals(number).name)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of a child's process group: grandchildren that missed their parent's end."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _ending(process: subprocess.Popen[bytes]) -> str:
    code = process.returncode
    if code is None:
        return "still running"
    return f"exit status {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
