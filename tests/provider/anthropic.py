"""Anthropic Messages: what a request says, and an answer in its shape."""

from __future__ import annotations

import json
from typing import Iterator

from model import Plan, Request, Usage, cut, node_of

API = "anthropic.messages"
PREFIX = "msg"
PING = b'event: ping\ndata: {"type": "ping"}\n\n'


def blocks(message: dict) -> list[dict]:
    content = message.get("content") or []
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def is_prompt(message: dict) -> bool:
    """A user's word, as against a tool's result, a reminder that the agent put in, or its call to go on after a cut answer."""
    if message.get("role") != "user" or any(b.get("type") == "tool_result" for b in blocks(message)):
        return False
    texts = [b.get("text", "") for b in blocks(message) if b.get("type") == "text"]
    return any(not t.startswith(("<system-reminder>", "<task-notification>", "Output token limit")) for t in texts)


def parse(_path: str, body: dict, size: int) -> Request:
    messages = body.get("messages") or []
    first = next((i for i, m in enumerate(messages) if m.get("role") == "assistant"), len(messages))
    prompt = max((i for i, m in enumerate(messages) if is_prompt(m)), default=0)
    return Request(
        api=API, model=str(body.get("model")), stream=bool(body.get("stream")), max_tokens=body.get("max_tokens"),
        tools=tuple(t.get("name") or "" for t in body.get("tools") or ()),
        turn=sum(m.get("role") == "assistant" for m in messages),
        step=sum(m.get("role") == "assistant" and any(b.get("type") == "tool_use" for b in blocks(m)) for m in messages[prompt:]),
        node=node_of([b.get("text", "") for m in messages[:first] for b in blocks(m) if b.get("type") == "text"]),
        thinking=(body.get("thinking") or {}).get("type") in ("enabled", "adaptive"), messages=len(messages), size=size)


def usage(u: Usage, output: int) -> dict:
    return {
        "input_tokens": u.input, "cache_creation_input_tokens": u.cache_write, "cache_read_input_tokens": u.cache_read,
        "cache_creation": {"ephemeral_5m_input_tokens": u.cache_write - u.cache_write_1h, "ephemeral_1h_input_tokens": u.cache_write_1h},
        "output_tokens": output, "service_tier": "standard"}


STOP = {"end": "end_turn", "tool": "tool_use", "length": "max_tokens"}


def contents(plan: Plan) -> list[dict]:
    out = [{"type": "thinking", "thinking": plan.thinking, "signature": "c2lnbmF0dXJl"}] if plan.thinking else []
    out.append({"type": "text", "text": plan.text})
    out += [{"type": "tool_use", "id": c.id.replace("call", "toolu"), "name": c.name, "input": c.arguments} for c in plan.calls]
    return out


def whole(plan: Plan) -> dict:
    return {"id": plan.id, "type": "message", "role": "assistant", "model": plan.model, "content": contents(plan),
            "stop_reason": STOP[plan.stop], "stop_sequence": None, "usage": usage(plan.usage, plan.usage.output)}


def event(kind: str, **fields) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def stream(plan: Plan) -> Iterator[tuple[bytes, float]]:
    """The events, each with the share of the output that is generated once it left."""
    start = {**whole(plan), "content": [], "stop_reason": None, "usage": usage(plan.usage, 1)}
    yield event("message_start", message=start), 0.0
    yield PING, 0.0
    parts = contents(plan)
    for index, block in enumerate(parts):
        empty, deltas = deltas_of(block, plan.pieces)
        yield event("content_block_start", index=index, content_block=empty), index / len(parts)
        for number, delta in enumerate(deltas):
            share = (index + (number + 1) / len(deltas)) / len(parts)
            yield event("content_block_delta", index=index, delta=delta), share
            if plan.interim_usage:
                yield event("message_delta", delta={"stop_reason": None, "stop_sequence": None},
                            usage=usage(plan.usage, max(1, int(plan.usage.output * share)))), share
        yield event("content_block_stop", index=index), (index + 1) / len(parts)
    final = {} if plan.no_usage else {"usage": usage(plan.usage, plan.usage.output)}
    yield event("message_delta", delta={"stop_reason": STOP[plan.stop], "stop_sequence": None}, **final), 1.0
    yield event("message_stop"), 1.0


def deltas_of(block: dict, pieces: int) -> tuple[dict, list[dict]]:
    if block["type"] == "thinking":
        return ({"type": "thinking", "thinking": "", "signature": ""},
                [{"type": "thinking_delta", "thinking": block["thinking"]}, {"type": "signature_delta", "signature": block["signature"]}])
    if block["type"] == "text":
        return {"type": "text", "text": ""}, [{"type": "text_delta", "text": t} for t in cut(block["text"], pieces)]
    return ({**block, "input": {}},
            [{"type": "input_json_delta", "partial_json": t} for t in cut(json.dumps(block["input"]), 2)])


KINDS = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error",
         413: "request_too_large", 429: "rate_limit_error", 529: "overloaded_error"}


def error(status: int, message: str) -> dict:
    return {"type": "error", "error": {"type": KINDS.get(status, "api_error"), "message": message}, "request_id": None}


def counted(total: int) -> dict:
    return {"input_tokens": total}
