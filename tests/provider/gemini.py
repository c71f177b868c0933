"""Gemini generateContent: what a request says, and an answer in its shape."""

from __future__ import annotations

import json
import re
from typing import Iterator

from model import Plan, Request, Usage, cut, node_of

API = "gemini.generateContent"
PREFIX = "gen"
PING = b": keep-alive\n\n"
PATH = re.compile(r"models/([^:/]+):(generateContent|streamGenerateContent|countTokens)")


def parts(content: dict) -> list[dict]:
    return content.get("parts") or []


def is_prompt(content: dict) -> bool:
    return content.get("role", "user") == "user" and not any("functionResponse" in part for part in parts(content))


def parse(path: str, body: dict, size: int) -> Request:
    body = body.get("generateContentRequest") or body
    contents = body.get("contents") or []
    first = next((i for i, c in enumerate(contents) if c.get("role") == "model"), len(contents))
    prompt = max((i for i, c in enumerate(contents) if is_prompt(c)), default=0)
    config = body.get("generationConfig") or {}
    match = PATH.search(path)
    declared = [d for tool in body.get("tools") or () for d in tool.get("functionDeclarations") or ()]
    return Request(
        api=API, model=match.group(1) if match else "", stream=bool(match and match.group(2).startswith("stream")),
        max_tokens=config.get("maxOutputTokens"), tools=tuple(d.get("name") or "" for d in declared),
        turn=sum(c.get("role") == "model" for c in contents),
        step=sum(c.get("role") == "model" and any("functionCall" in part for part in parts(c)) for c in contents[prompt:]),
        node=node_of([part.get("text", "") for c in contents[:first] for part in parts(c)]), messages=len(contents), size=size)


def usage(u: Usage, output: int) -> dict:
    thoughts = min(u.reasoning, output)
    out = {"promptTokenCount": u.prompt, "candidatesTokenCount": output - thoughts, "totalTokenCount": u.prompt + output}
    if thoughts:
        out["thoughtsTokenCount"] = thoughts
    if u.cache_read:
        out["cachedContentTokenCount"] = u.cache_read
    return out


def chunk(plan: Plan, content: list[dict], output: int, finish: str | None) -> dict:
    candidate = {"content": {"role": "model", "parts": content}, "index": 0, **({"finishReason": finish} if finish else {})}
    out = {"candidates": [candidate], "modelVersion": plan.model, "responseId": plan.id}
    return out if plan.no_usage else {**out, "usageMetadata": usage(plan.usage, output)}


def pieces(plan: Plan) -> list[dict]:
    return [{"text": text} for text in cut(plan.text, plan.pieces)] + \
           [{"functionCall": {"name": c.name, "args": c.arguments}} for c in plan.calls]


def finish(plan: Plan) -> str:
    return "MAX_TOKENS" if plan.stop == "length" else "STOP"


def whole(plan: Plan) -> dict:
    calls = [{"functionCall": {"name": c.name, "args": c.arguments}} for c in plan.calls]
    return chunk(plan, [{"text": plan.text}, *calls], plan.usage.output, finish(plan))


def stream(plan: Plan, sse: bool = True) -> Iterator[tuple[bytes, float]]:
    """The chunks, each with the share of the output that is generated once it left: SSE, or the elements of one JSON array."""
    content = pieces(plan)
    for number, part in enumerate(content):
        share = (number + 1) / len(content)
        last = number + 1 == len(content)
        value = json.dumps(chunk(plan, [part], int(plan.usage.output * share), finish(plan) if last else None))
        opening, closing = ("," if number else "["), ("]" if last else "")
        yield (f"data: {value}\r\n\r\n" if sse else f"{opening}{value}\r\n{closing}").encode(), share


STATUS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED",
          500: "INTERNAL", 503: "UNAVAILABLE"}


def error(status: int, message: str) -> dict:
    return {"error": {"code": status, "message": message, "status": STATUS.get(status, "UNKNOWN")}}


def counted(total: int) -> dict:
    return {"totalTokens": total}
