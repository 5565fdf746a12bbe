"""A supervisor with toy children, run as a program by the tests: `python -m tests.config.tree FOLDER KIND`.

Each child writes its process id to FOLDER and then sleeps; a child that stops in order says so.
"""

from __future__ import annotations

import sys
from pathlib import Path

from config.supervisor import Service, ServiceError, Supervisor

_CHILD = """
import os, pathlib, signal, subprocess, sys, time
name, folder, deaf = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3] == "deaf"
def leave(*_):
    if not deaf:
        print("leaves", flush=True)
        sys.exit(0)
signal.signal(signal.SIGTERM, leave)
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
(folder / (name + ".grandchild")).write_text(str(grandchild.pid))
(folder / (name + ".new")).write_text(str(os.getpid()))
(folder / (name + ".new")).rename(folder / (name + ".pid"))
while True:
    time.sleep(600)
"""


def toy(name: str, folder: Path, *, deaf: bool = False) -> Service:
    return Service(
        name,
        [sys.executable, "-c", _CHILD, name, str(folder), "deaf" if deaf else "hears"],
        folder,
        answers=(folder / f"{name}.pid").exists,
        stop_seconds=0.5 if deaf else 20,
    )


def main() -> None:
    folder, kind = Path(sys.argv[1]), sys.argv[2]
    supervisor = Supervisor(lambda line: print(line, flush=True))
    try:
        with supervisor.session():
            if kind == "missing":
                supervisor.start(Service("ghost", ["/no/such/program"], folder))
            if kind == "failing":
                words = [sys.executable, "-c", "print('last words'); raise SystemExit(7)"]
                supervisor.start(Service("weak", words, folder, answers=lambda: False))
            if kind == "step":
                supervisor.run(Service("step", [sys.executable, "-c", "raise SystemExit(7)"], folder))
            supervisor.start(toy("first", folder))
            supervisor.start(toy("second", folder, deaf=kind == "deaf"))
            supervisor.say("ready")
            supervisor.watch()
    except ServiceError as error:
        print(error, flush=True)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
