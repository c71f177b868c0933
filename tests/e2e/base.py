"""A user with a home, a project and a fake agent, for tests of the command line over the real binary. TS_BIN names the binary."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import plain  # noqa: F401

BIN = os.environ["TS_BIN"]
AGENTS = Path(os.environ["TS_BINARY_DIR"]) / "agents"
FAKE = AGENTS / "fake_agent"
TASK = """# TASK-914: Token cap early reporting

**Status:** Planned
**Estimated Tokens:** 8K-10K

## Engineer metrics

| Metric | Value |
|---|---|
| Total Tokens | X |
| Duration | X |
"""


class Done:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out.decode("utf-8", "replace"), err.decode("utf-8", "replace")

    def __repr__(self):
        return f"exit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


class Base(unittest.TestCase):
    def setUp(self):
        self.root = Path(tempfile.mkdtemp(prefix="ts-cli-"))
        self.home, self.state, self.work = self.root / "home", self.root / "state", self.root / "work"
        for folder in (self.home, self.state, self.work, self.root / "tmp", self.work / ".git"):
            folder.mkdir()
        (self.work / "claude").symlink_to(FAKE)

    def run(self, result=None):
        before = len(result.failures) + len(result.errors) if result else 0
        super().run(result)
        if result and len(result.failures) + len(result.errors) > before:
            print(f"kept: {self.root}", file=sys.stderr)
        else:
            shutil.rmtree(self.root, ignore_errors=True)

    def env(self, **more):
        env = {"PATH": os.environ["PATH"], "HOME": str(self.home), "XDG_STATE_HOME": str(self.state), "TMPDIR": str(self.root / "tmp"), "LC_ALL": "C.UTF-8"}
        env.update(more)
        return {name: value for name, value in env.items() if value is not None}

    def ts(self, *words, before=(), cwd=None, timeout=100, **env):
        done = subprocess.run([*before, BIN, *map(str, words)], cwd=cwd or self.work, env=self.env(**env), stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=timeout)
        return Done(done.returncode, done.stdout, done.stderr)

    def task(self, text=TASK, name="TASK-914.md"):
        path = self.work / name
        path.write_text(text)
        return path

    def agent(self, *words):
        """The fake agent under the name of a known one: 4 turns of 1,354 fresh tokens unless told otherwise."""
        return ["--", str(self.work / "claude"), "-p", "x", "--output-format", "stream-json", "--verbose", "--delay", "1", *map(str, words)]

    def ok(self, done, code=0):
        self.assertEqual(done.code, code, done)
        return done

    def says(self, done, code, *parts):
        self.assertEqual(done.code, code, done)
        for part in parts:
            self.assertIn(part, done.err, done)
        for line in done.err.splitlines():
            self.assertFalse("terminate called" in line or "std::" in line, done)
        return done

    def last_run(self):
        return json.loads(self.ok(self.ts("ps", "--all", "--json")).out)[0]

    def inside(self, *mounts):
        """Words before a command that give it a mount namespace of its own with these mounts."""
        script = " && ".join([*mounts, 'exec "$@"'])
        flags = "-m" if os.getuid() == 0 else "-rm"
        return ["unshare", flags, "--propagation", "private", "sh", "-c", script, "sh"]
