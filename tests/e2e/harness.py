"""Runs real agents against the fake provider, cut off from every network but loopback.

    with Sandbox({"steps": 3}) as box:
        done = box.run(agents.CLAUDE, "do the steps")
        assert done.code == 0 and box.billed()["output"] == 822
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import agents
import plain  # noqa: F401
from agents import Agent

SOURCE = Path(os.environ.get("TS_SOURCE_DIR") or Path(__file__).resolve().parents[2])
PROVIDER = SOURCE / "tests/provider/provider.py"
PARTS = ("input", "cache_write", "cache_read", "output", "reasoning")


def isolate() -> bool:
    """Moves this process, and all that it starts, into a network namespace with loopback alone. False: not permitted here."""
    libc = ctypes.CDLL(None, use_errno=True)
    newnet, newuser = 0x40000000, 0x10000000
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(newnet) != 0:
        if libc.unshare(newnet | newuser) != 0:
            return False
        for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
            Path(f"/proc/self/{name}").write_text(text)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        up = struct.pack("16sh", b"lo", 1 | 64)  # IFF_UP | IFF_RUNNING
        fcntl.ioctl(sock, 0x8914, up)  # SIOCSIFFLAGS
    return True


@dataclass
class Done:
    """An ended process."""

    code: int  # the exit status, or -n for signal n
    stdout: bytes
    stderr: bytes

    def lines(self) -> list[dict]:
        """The JSON lines of stdout; other lines are left out."""
        return [json.loads(line) for line in self.stdout.splitlines() if line.startswith(b"{")]


class Sandbox:
    """A provider of its own, a home and a project folder. Kept, and its path printed, when the block raises."""

    def __init__(self, scenario: dict | None = None, run: str | None = None):
        self.scenario = scenario or {}
        self.run_id = run

    def __enter__(self) -> "Sandbox":
        self.root = Path(tempfile.mkdtemp(prefix="ts-e2e-"))
        self.home, self.project, self.log = self.root / "home", self.root / "project", self.root / "provider.jsonl"
        self.home.mkdir()
        self.project.mkdir()
        subprocess.run(["git", "init", "-q", str(self.project)], check=True, env={"PATH": os.environ["PATH"], "HOME": str(self.home)})
        self.start_provider()
        return self

    def __exit__(self, kind, value, trace) -> None:
        self.stop_provider()
        if kind is None:
            shutil.rmtree(self.root, ignore_errors=True)
        else:
            print(f"kept: {self.root}", file=sys.stderr)

    def start_provider(self, scenario: dict | None = None) -> None:
        """(Re)starts the provider, with another scenario if one is given. The log goes on."""
        self.scenario = self.scenario if scenario is None else scenario
        port = self.root / "port"
        port.unlink(missing_ok=True)
        more = ["--run", self.run_id] if self.run_id else []
        with open(self.root / "provider.err", "ab") as err:
            self.provider = subprocess.Popen(
                [sys.executable, str(PROVIDER), "--scenario", json.dumps(self.scenario), "--log", str(self.log), "--port-file", str(port), *more],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=err)
        wait(port.exists, 60, lambda: f"provider did not start: {(self.root / 'provider.err').read_text()}")
        self.url = f"http://127.0.0.1:{port.read_text().strip()}"

    def stop_provider(self) -> None:
        """Ends the provider; after this its log is complete."""
        if self.provider.poll() is None:
            self.provider.send_signal(signal.SIGTERM)
            try:
                self.provider.wait(60)
            except subprocess.TimeoutExpired:
                self.provider.kill()
                self.provider.wait()

    def env(self, agent: Agent | None, url: str | None = None) -> dict[str, str]:
        """A small environment: ours holds nothing that an agent could take for its own."""
        state = self.root / "state"
        base = {"PATH": os.environ["PATH"], "HOME": str(self.home), "TMPDIR": str(self.root / "tmp"), "XDG_STATE_HOME": str(state),
                "SHELL": "/bin/bash", "USER": "dev", **agents.QUIET}
        (self.root / "tmp").mkdir(exist_ok=True)
        if agent:
            agent.settings(self.home)
            base |= agent.env(url or self.url)
        return base

    def command(self, agent: Agent, prompt: str, session: str | None = None, url: str | None = None) -> list[str]:
        target = url or self.url
        return [agent.program, *(agent.resume(target, session, prompt) if session else agent.argv(target, prompt))]

    def run(self, agent: Agent, prompt: str = "do the steps", **options) -> Done:
        """Runs the agent on its own. Options: session, url, and those of `execute`."""
        picked = {key: options.pop(key) for key in ("session", "url") if key in options}
        return self.execute(self.command(agent, prompt, **picked), agent, **options)

    def execute(self, argv: list[str], agent: Agent | None = None, *, env: dict | None = None, timeout: float = 240) -> Done:
        """Runs a command line in the project. At the timeout it and its process group are killed, and that is an error."""
        child = subprocess.Popen(argv, cwd=self.project, env={**self.env(agent), **(env or {})}, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        try:
            out, err = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            out, err = child.communicate()
            raise AssertionError(f"{argv[:3]} ran longer than {timeout} s\n{out[-2000:]!r}\n{err[-2000:]!r}") from None
        return Done(child.returncode, out, err)

    def journal(self) -> list[dict]:
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []

    def served(self) -> list[dict]:
        return [line for line in self.journal() if "served" in line]

    def billed(self, lines: list[dict] | None = None) -> dict[str, int]:
        """The sums of what the provider billed, with `requests`, `fresh` and `total`: all of it, or these lines of it."""
        lines = self.served() if lines is None else lines
        sums = {part: sum(line[part] for line in lines) for part in PARTS}
        fresh = sums["input"] + sums["cache_write"] + sums["output"]
        return {**sums, "requests": len(lines), "fresh": fresh, "total": fresh + sums["cache_read"]}


def wait(condition, seconds: float, message=lambda: "waited in vain") -> None:
    """Polls until the condition holds; raises at the deadline."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise AssertionError(message())
        time.sleep(0.01)


def main(argv: list[str]) -> int:
    """By hand: harness.py AGENT [SCENARIO-JSON] [PROMPT] runs an agent and prints its stdout and what was billed."""
    agent = agents.ALL[argv[0]]
    print("isolated" if isolate() else "not isolated", file=sys.stderr)
    with Sandbox(json.loads(argv[1]) if len(argv) > 1 else {}) as box:
        done = box.run(agent, *argv[2:3])
        sys.stdout.buffer.write(done.stdout)
        sys.stderr.buffer.write(done.stderr)
        box.stop_provider()
        for line in box.journal():
            print(json.dumps(line), file=sys.stderr)
        print(done.code, box.billed(), file=sys.stderr)
        return done.code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
