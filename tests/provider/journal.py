"""What was asked and what is billed for it, as JSON lines and as sums."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from typing import TextIO

from model import Plan, Request, Usage

KEY = re.compile(r"([?&]key=)[^&]*")  # Gemini also takes its key in the query
PARTS = ("input", "cache_write", "cache_read", "output", "reasoning")


class Journal:
    """Writes a line per request and per billed response, each flushed, so that a reader can follow. No header values of credentials."""

    def __init__(self, out: TextIO | None):
        self.out = out
        self.sums = dict.fromkeys(PARTS, 0)
        self.counts = {"requests": 0, "served": 0, "broken": 0, "aborted": 0, "denied": 0, "in_flight": 0, "max_in_flight": 0}

    def line(self, **fields) -> None:
        if self.out:
            self.out.write(json.dumps({**fields, "t": round(time.time(), 6)}) + "\n")
            self.out.flush()

    def request(self, incoming, request: Request | None) -> None:
        self.counts["requests"] += 1
        credentials = [name for name in ("authorization", "x-api-key", "x-goog-api-key") if name in incoming.headers]
        asked = {} if request is None else {
            "api": request.api, "model": request.model, "stream": request.stream, "max_tokens": request.max_tokens,
            "nmsg": request.messages, "turn": request.turn, "node": request.node, "tools": len(request.tools)}
        self.line(m=incoming.method, p=KEY.sub(r"\1…", incoming.target), **asked, bytes=len(incoming.body), raw_bytes=incoming.raw_size,
                  ce=incoming.headers.get("content-encoding"), ua=incoming.headers.get("user-agent"), credentials=credentials)

    def served(self, plan: Plan, request: Request, share: float) -> None:
        """Bills a response of which `share` of the output was generated."""
        usage = plan.usage
        if share < 1:
            output = int(usage.output * share)
            usage = replace(usage, output=output, reasoning=min(usage.reasoning, output))
            self.counts["broken"] += 1
        self.counts["served"] += 1
        self._bill(plan.id, request, usage, plan.stop if share >= 1 else "broken")

    def _bill(self, name: str, request: Request, usage: Usage, stop: str) -> None:
        parts = {part: getattr(usage, part) for part in PARTS}
        for part, tokens in parts.items():
            self.sums[part] += tokens
        more = {"cache_write_1h": usage.cache_write_1h} if usage.cache_write_1h else {}
        self.line(served=name, api=request.api, model=request.model, **parts, **more, stop=stop, node=request.node, turn=request.turn, tools=len(request.tools))

    def aborted(self, plan: Plan) -> None:
        """The client left before the response began: nothing is billed."""
        self.counts["aborted"] += 1
        self.line(aborted=plan.id)

    def denied(self, status: int) -> None:
        self.counts["denied"] += 1
        self.line(denied=status)

    def stats(self) -> dict:
        fresh = self.sums["input"] + self.sums["cache_write"] + self.sums["output"]
        return {**self.sums, "fresh": fresh, "total": fresh + self.sums["cache_read"], **self.counts}
