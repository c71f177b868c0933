"""What a request asks and what the fake model answers: plain values, no I/O."""

from __future__ import annotations

import random
import re
import zlib
from dataclasses import dataclass, field, replace

NODE = re.compile(r"\[node ([0-9.]+)\]")


@dataclass(frozen=True)
class Usage:
    """What a response is billed: the parts exclude one another, but `reasoning` is a part of `output`."""

    input: int = 0
    cache_write: int = 0
    cache_read: int = 0
    output: int = 0
    reasoning: int = 0
    cache_write_1h: int = 0  # the part of cache_write with the longer life

    @property
    def prompt(self) -> int:
        return self.input + self.cache_write + self.cache_read


@dataclass(frozen=True)
class Request:
    """A request, whatever API it came by. `turn` counts the model's answers in the conversation, `step` those since the last prompt."""

    api: str
    model: str
    stream: bool
    max_tokens: int | None = None
    tools: tuple[str, ...] = ()
    turn: int = 0
    step: int = 0
    node: str = ""  # "" for the main agent, "0.2" for the third child of the first child
    thinking: bool = False
    include_usage: bool = True
    messages: int = 0
    size: int = 0  # bytes of the decoded body
    children: tuple[str, ...] = ()  # sub-agents that were started and must be waited for (Codex)


@dataclass(frozen=True)
class ToolCall:
    id: str
    name: str
    arguments: dict
    namespace: str = ""


@dataclass(frozen=True)
class Plan:
    """One scripted answer. `stop` is "end", "tool" or "length"."""

    id: str
    model: str
    text: str
    stop: str
    usage: Usage
    thinking: str = ""
    calls: tuple[ToolCall, ...] = ()
    pieces: int = 2  # deltas that the text is cut into
    interim_usage: bool = False
    no_usage: bool = False


# Shell tools by the name that the agent offers: the arguments that run a command.
SHELLS = {
    "Bash": lambda c: {"command": c, "description": "run a step"},
    "exec_command": lambda c: {"cmd": c},
    "shell_command": lambda c: {"command": c},
    "shell": lambda c: {"command": ["bash", "-lc", c]},
    "run_shell_command": lambda c: {"command": c, "description": "run a step", "is_background": False},
    "bash": lambda c: {"command": c, "description": "run a step"},
}

# Tools that start a sub-agent.
SPAWNERS = {
    "Agent": lambda d, p: {"description": d, "prompt": p, "subagent_type": "general-purpose"},
    "Task": lambda d, p: {"description": d, "prompt": p, "subagent_type": "general-purpose"},
    "task": lambda d, p: {"description": d, "prompt": p, "subagent_type": "general"},
    "agent": lambda d, p: {"description": d, "prompt": p, "subagent_type": "general-purpose"},
    "multi_agent_v1.spawn_agent": lambda d, p: {"message": p},  # does not wait: multi_agent_v1.wait_agent does
}

# The first prompt's size, its growth a turn, and the output of a first answer, its growth, and its reasoning part.
SHAPE = {
    "anthropic.messages": (15200, 300, 150, 37, 0),
    "openai.responses": (9000, 500, 120, 11, 64),
    "openai.chat": (7000, 400, 90, 9, 10),
    "gemini.generateContent": (6000, 300, 100, 7, 20),
}


@dataclass
class Scenario:
    """The script. Every field can be given in the scenario's JSON; see README.md for what each does."""

    seed: int = 1
    steps: int = 3
    command: str = "echo step {n}"
    commands: list[str] = field(default_factory=list)
    answer: str = "All done."
    thinking: bool = True
    fanout: list[int] = field(default_factory=list)
    child_steps: int = 2
    inner_steps: int | None = None
    pieces: int = 2
    output: list[int] | None = None
    chars_per_token: float = 0.0
    usage: str = "turns"
    cache_1h: bool = False
    interim_usage: bool = False
    no_usage: bool = False
    delay_ms: float | list[float] = 0
    event_delay_ms: float | list[float] = 0
    ping_ms: float = 0
    half_close: str = "gone"
    encode: str = ""
    faults: list[dict] = field(default_factory=list)

    @staticmethod
    def parse(value: dict) -> "Scenario":
        known = Scenario.__dataclass_fields__
        unknown = [key for key in value if key not in known]
        if unknown:
            raise ValueError(f"scenario: unknown key {unknown[0]!r} (known: {', '.join(known)})")
        return Scenario(**value)


def node_of(texts: list[str]) -> str:
    """The sub-agent that speaks: its first prompt carries the mark that we put there."""
    for text in texts:
        if match := NODE.search(text):
            return match.group(1)
    return ""


class Script:
    """Answers requests by a scenario. The same conversation gets the same answer and the same usage, in whatever order requests come."""

    def __init__(self, scenario: Scenario, run: str):
        self.scenario = scenario
        self.run = run
        self.sequence = 0

    def unique(self, prefix: str) -> str:
        self.sequence += 1
        return f"{prefix}_{self.run}{self.sequence:06d}"

    def rng(self, request: Request, salt: str) -> random.Random:
        return random.Random(f"{self.scenario.seed}/{request.node}/{request.turn}/{salt}")

    def usage(self, request: Request) -> Usage:
        """What the whole answer to this request will be billed, before any limit on its output."""
        first, growth, output, more, reasoning = SHAPE[request.api]
        mark = zlib.crc32(request.node.encode()) % 23
        turn = request.turn
        answer = Usage(output=output + more * turn + mark, reasoning=reasoning)
        if self.scenario.usage == "bytes":
            return self._cached(request, max(16, request.size // 4), max(0, request.size // 4 - growth), answer)
        total = first + growth * turn + mark
        return self._cached(request, total, total - growth if turn else (14000 if first > 14000 else 0), answer)

    def _cached(self, request: Request, total: int, before: int, answer: Usage) -> Usage:
        if request.api == "anthropic.messages":
            fresh = min(4 + request.turn % 3, total)
            write = max(0, total - before - fresh)
            longer = write if self.scenario.cache_1h else 0
            return replace(answer, input=fresh, cache_write=write, cache_read=total - fresh - write, cache_write_1h=longer)
        read = before // 128 * 128 if request.turn else 0  # these providers cache in blocks of 128
        return replace(answer, input=total - read, cache_read=read)

    def answer(self, request: Request, prefix: str) -> Plan:
        scenario = self.scenario
        usage = self.usage(request)
        text, calls = self._deed(request)
        if scenario.output:
            low, high = scenario.output
            usage = replace(usage, output=self.rng(request, f"out{self.sequence}").randint(low, high))
        stop = "tool" if calls else "end"
        if request.max_tokens is not None and usage.output > request.max_tokens:
            usage, stop, calls = replace(usage, output=max(1, request.max_tokens)), "length", ()
            text = text or "cut off"
        usage = replace(usage, reasoning=min(usage.reasoning, usage.output // 2))
        if scenario.chars_per_token:
            text += " word" * int(usage.output * scenario.chars_per_token / 5)
        return Plan(
            id=self.unique(prefix), model=request.model, text=text, stop=stop, usage=usage, calls=calls,
            thinking="Let me think about it." if scenario.thinking and request.thinking else "",
            pieces=max(1, scenario.pieces), interim_usage=scenario.interim_usage, no_usage=scenario.no_usage)

    def _deed(self, request: Request) -> tuple[str, tuple[ToolCall, ...]]:
        """What the agent that asks has to do at this step: start its children, run a command, or end."""
        depth = len(request.node.split(".")) if request.node else 0
        step = request.step
        spawner = next((name for name in request.tools if name in SPAWNERS), None)
        if spawner and depth < len(self.scenario.fanout):
            if step == 0:
                return "I will delegate. ", tuple(self._child(spawner, request.node, i) for i in range(self.scenario.fanout[depth]))
            step -= 1
            if spawner.endswith("spawn_agent"):
                if step < len(request.children):
                    wait = {"targets": [request.children[step]], "timeout_ms": 60000}
                    return "Waiting. ", (ToolCall(self.unique("call"), "wait_agent", wait, "multi_agent_v1"),)
                step -= len(request.children)
        steps = self.scenario.child_steps if depth else self.scenario.steps
        if spawner and 0 < depth < len(self.scenario.fanout) and self.scenario.inner_steps is not None:
            steps = self.scenario.inner_steps
        shell = next((name for name in request.tools if name in SHELLS), None)
        if shell is None or step >= steps:
            return self.scenario.answer, ()
        commands = self.scenario.commands or [self.scenario.command]
        command = commands[step % len(commands)].replace("{n}", str(step + 1))
        return f"Step {step + 1}: running a command. ", (ToolCall(self.unique("call"), shell, SHELLS[shell](command)),)

    def _child(self, spawner: str, parent: str, index: int) -> ToolCall:
        node = f"{parent}.{index}" if parent else str(index)
        namespace, _, name = spawner.rpartition(".")
        return ToolCall(self.unique("call"), name, SPAWNERS[spawner](f"worker {node}", f"[node {node}] do part {index}"), namespace)


def cut(text: str, pieces: int) -> list[str]:
    """The text in at most `pieces` parts, none empty."""
    size = max(1, -(-len(text) // pieces))
    return [text[i:i + size] for i in range(0, len(text), size)]
