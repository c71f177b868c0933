"""tracked-spawn around a real agent: launch it, read what it recorded, compare with what the provider billed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import unittest
from dataclasses import dataclass
from pathlib import Path

import agents
import harness
from harness import PARTS, SOURCE, Done, Sandbox

BIN = os.environ.get("TS_BIN", "")


def prepare(name: str):
    """For setUpModule: installs the agent if it is missing, then leaves every network but loopback."""

    def set_up_module() -> None:
        if not os.access(BIN, os.X_OK):
            raise RuntimeError("set TS_BIN to the tracked-spawn binary, or run this through ctest")
        subprocess.run([str(SOURCE / "scripts/setup-agents"), name], check=True, stdout=subprocess.DEVNULL)
        if not harness.isolate():
            print("note: no network namespace to be had here; telemetry is off by settings alone", file=sys.stderr)
    return set_up_module


@dataclass
class Run:
    """A run of tracked-spawn that ended, and what `show RUN --json` says of it."""

    done: Done
    shown: dict

    @property
    def counts(self) -> dict[str, int]:
        return {part: self.shown["counts"][part] for part in PARTS}

    @property
    def words(self) -> str:
        return self.done.stderr.decode(errors="replace")


class Case(unittest.TestCase):
    maxDiff = None

    def tracked(self, box: Sandbox, agent: agents.Agent, command: list[str], *flags: str, env: dict | None = None) -> Run:
        """Runs the command under tracked-spawn."""
        result = box.root / "result.json"
        result.unlink(missing_ok=True)
        flags = flags or ("--cap", "none")
        done = box.execute([BIN, "run", "--result", str(result), *flags, "--", *command], agent, env=env)
        self.assertTrue(result.exists(), done.stderr.decode(errors="replace"))
        return Run(done, self.show(box, json.loads(result.read_text())["run"]))

    def show(self, box: Sandbox, run: str) -> dict:
        shown = box.execute([BIN, "show", run, "--json"])
        self.assertEqual(shown.code, 0, shown.stderr)
        return json.loads(shown.stdout)

    def assert_billed(self, run: Run, billed: dict[str, int]) -> None:
        """The run counted what the provider billed, part by part."""
        expected = {part: billed[part] for part in PARTS}
        self.assertEqual(run.counts, expected, run.words)
        self.assertEqual((run.shown["fresh"], run.shown["total"]), (billed["fresh"], billed["total"]))
        self.assertEqual(run.shown["counts"]["requests"], billed["requests"])

    def assert_quiet(self, box: Sandbox) -> None:
        """No process of the sandbox is left."""
        harness.wait(lambda: not strays(box), 60, lambda: f"left running: {strays(box)}")

    def offline(self, box: Sandbox, agent: agents.Agent, stdout: bytes) -> dict:
        """What `meter` finds in the saved stdout and the agent's home."""
        saved = box.root / "stdout.jsonl"
        saved.write_bytes(stdout)
        done = box.execute([BIN, "meter", "--agent", agent.name, "--json", str(saved), str(box.home)])
        self.assertEqual(done.code, 0, done.stderr)
        return json.loads(done.stdout)


def metered(run: Run, served: list[dict]) -> list[dict]:
    """The billed responses that a run can know. Without a gateway: all but the naming of a session
    (opencode; Claude Code on a terminal), which the agent keeps nowhere."""
    return served if "gateway" in run.shown["sources"] else [line for line in served if line["tools"]]


def strays(box: Sandbox) -> list[str]:
    """Processes that stem from the sandbox, by their environment or working folder; not the provider."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        if int(folder.name) in (os.getpid(), box.provider.pid):
            continue
        try:
            mine = f"TMPDIR={box.root}".encode() in (folder / "environ").read_bytes() or os.readlink(folder / "cwd").startswith(str(box.root))
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            if mine and state != "Z":
                found.append(f"{folder.name} {(folder / 'cmdline').read_bytes().replace(bytes(1), b' ').decode(errors='replace')[:120]}")
        except OSError:
            continue
    return found


def normal(box: Sandbox, stdout: bytes) -> list[str]:
    """Lines of stdout without what differs from run to run: ids, times, places."""
    text = stdout.decode().replace(str(box.root), "/box").replace(re.sub(r"[^A-Za-z0-9]", "-", str(box.root)), "-box")
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ID", text)
    text = re.sub(r'("[a-zA-Z_]*(?:_ms|timestamp)"):[0-9.]+', r"\1:0", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME", text)
    text = re.sub(r"\b(ses|msg|prt)_[0-9a-f]{8,}[0-9A-Za-z]*", r"\1_ID", text)
    text = re.sub(r"run_shell_command_\d+_", "run_shell_command_N_", text)
    return [re.sub(r'"(time|start|end)":(\{[^}]*\}|\d+)', r'"\1":0', line) for line in text.splitlines()]
