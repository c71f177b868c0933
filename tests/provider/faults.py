"""Faults on purpose: which request they hit, and what they do to it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

KINDS = {
    "status": "answers with `status` in the API's error shape",
    "reset": "RST after `at_byte` bytes of the reply, head included",
    "close": "orderly close after `at_byte` bytes of the reply, head included",
    "stall": "falls silent for `seconds` (null: until the client leaves) after `at_byte` bytes",
    "slow": "sends `bytes` bytes every `ms` milliseconds",
    "length": "sends a content-length that is off by `delta`",
    "headers": "sends `count` header lines more",
    "garbage": "answers 200 with a body that is no JSON and no event stream",
    "no_usage": "leaves the usage out of the answer",
}


@dataclass
class Fault:
    """One fault. It hits the requests that `path`, `api`, `turn` and `depth` select, `times` of them (null: all) after the first `after`."""

    kind: str
    after: int = 0
    times: int | None = 1
    path: str = ""
    api: str = ""
    turn: int | None = None
    depth: int | None = None
    status: int = 500
    message: str = "a fault on purpose"
    retry_after: float | None = None
    at_byte: int | None = 0
    seconds: float | None = None
    bytes: int = 1
    ms: float = 1
    delta: int = 100
    count: int = 10000
    seen: int = 0

    @staticmethod
    def parse(value: dict) -> "Fault":
        known = [f.name for f in fields(Fault)]
        unknown = [key for key in value if key not in known]
        if unknown or value.get("kind") not in KINDS:
            raise ValueError(f"fault {value}: unknown {'key ' + unknown[0] if unknown else 'kind'} (kinds: {', '.join(KINDS)})")
        return Fault(**value)

    def selects(self, path: str, request) -> bool:
        depth = len(request.node.split(".")) if request.node else 0
        return (self.path in path and self.api in request.api and (self.turn is None or self.turn == request.turn)
                and (self.depth is None or self.depth == depth))


class Faults:
    """The faults of a scenario, with their counters."""

    def __init__(self, values: list[dict]):
        self.faults = [Fault.parse(value) for value in values]

    def next(self, path: str, request) -> Fault | None:
        """The fault that hits this request, if any. A copy: a reply uses its fault up."""
        hit = None
        for fault in self.faults:
            if not fault.selects(path, request):
                continue
            fault.seen += 1
            if hit is None and fault.seen > fault.after and (fault.times is None or fault.seen <= fault.after + fault.times):
                hit = replace(fault)
        return hit
