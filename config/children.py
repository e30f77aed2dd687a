"""Child processes that end with their parent, however the parent ends.

A `Household` starts programs, each leading a process group of its own, and ends them all when it is left.
Beside them runs a guardian: this very file as a tiny program that does nothing but read a pipe. When the
parent is killed outright the pipe closes, and the guardian ends what the parent no longer can. It works as
any user and needs nothing of the system.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Child:
    """One running program, the file its output goes to, and the signal it ends quickly and cleanly on."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path | None
    stop_signal: signal.Signals
    last: bool


class Household:
    """Children started together and ended together, within about `grace` seconds of leaving the `with`
    block.
    """

    def __init__(self, *, grace: float = 6.0) -> None:
        self.grace = grace
        self.children: list[Child] = []
        self._guardian: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._guardian = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(__file__).resolve())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        cwd: Path,
        log: Path | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        last: bool = False,
        own_group: bool = True,
        **popen: Any,
    ) -> Child:
        """Start a program; `last` ones (data stores) are ended after all others.

        Output goes to `log`, or to the terminal without one. With `own_group=False` the program keeps the
        terminal, so that a debugger works in it. Raises OSError if the program cannot be run.
        """
        with contextlib.ExitStack() as stack:
            out = stack.enter_context(open(log, "wb")) if log else None
            process = subprocess.Popen(
                [str(part) for part in command],
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL if own_group else None,
                stdout=out,
                stderr=subprocess.STDOUT if out else None,
                start_new_session=own_group,
                **popen,
            )
        self._tell_guardian(f"{'group' if own_group else 'process'} {process.pid} {int(stop_signal)}")
        child = Child(name=name, process=process, log=log, stop_signal=stop_signal, last=last)
        self.children.append(child)
        return child

    def remove_afterwards(self, folder: Path) -> None:
        """Have a folder removed once all children have ended."""
        self._tell_guardian(f"folder {folder}")

    def dead(self) -> Child | None:
        """The first child that is no longer running, if any."""
        return next((child for child in self.children if child.process.poll() is not None), None)

    def forget(self, child: Child) -> None:
        """Stop watching a child that was meant to end and has ended."""
        self.children.remove(child)

    def stop(self) -> None:
        """End all children: asked first, killed when the grace is over; data stores last. Safe to call
        twice.
        """
        for last, grace in ((False, self.grace), (True, 2.0)):
            some = [child for child in self.children if child.last is last]
            for child in some:
                if child.process.poll() is None:
                    _signal(child.process.pid, child.stop_signal)
            deadline = time.monotonic() + grace
            while time.monotonic() < deadline and any(child.process.poll() is None for child in some):
                time.sleep(POLL_SECONDS)
            for child in some:
                _kill_rest(child.process)
        self.children.clear()
        if self._guardian is not None and self._guardian.stdin is not None:
            # Everything has ended; what is left for the guardian is to remove the folders it was told of.
            with contextlib.suppress(OSError):
                self._guardian.stdin.write(b"ended\n")
                self._guardian.stdin.close()
            self._guardian.wait()
            self._guardian = None

    def _tell_guardian(self, line: str) -> None:
        if self._guardian is None or self._guardian.stdin is None:
            raise RuntimeError("A Household is used inside its `with` block.")
        self._guardian.stdin.write(f"{line}\n".encode())
        self._guardian.stdin.flush()


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _signal_group(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def _kill_rest(process: "subprocess.Popen[bytes]") -> None:
    """Kill a program and whatever it started that still runs, then collect its exit code."""
    if process.poll() is None:
        process.kill()
    # A program without a group of its own is no group leader: there is no such group to signal.
    if process.pid != os.getpgid(0):
        _signal_group(process.pid, signal.SIGKILL)
    process.wait()


def _guard() -> None:
    """Read what to end until the pipe closes, then end it: the guardian program."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    groups: list[tuple[str, int, int]] = []
    folders: list[str] = []
    for line in sys.stdin:
        what, _, rest = line.rstrip("\n").partition(" ")
        if what == "folder":
            folders.append(rest)
        elif what == "ended":
            groups.clear()
        else:
            pid, number = rest.split()
            groups.append((what, int(pid), int(number)))
    for what, pid, number in groups:
        (_signal_group if what == "group" else _signal)(pid, number)
    if groups:
        time.sleep(1.5)
    for what, pid, _ in groups:
        (_signal_group if what == "group" else _signal)(pid, signal.SIGKILL)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    _guard()
