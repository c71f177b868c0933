"""OpenAI Chat Completions: what a request says, and an answer in its shape."""

from __future__ import annotations

import json
from typing import Iterator

from model import Plan, Request, Usage, cut, node_of

API = "openai.chat"
PREFIX = "chatcmpl"
PING = b": keep-alive\n\n"


def texts(message: dict) -> list[str]:
    content = message.get("content") or []
    return [content] if isinstance(content, str) else [str(part.get("text", "")) for part in content]


def parse(_path: str, body: dict, size: int) -> Request:
    messages = body.get("messages") or []
    first = next((i for i, m in enumerate(messages) if m.get("role") == "assistant"), len(messages))
    prompt = max((i for i, m in enumerate(messages) if m.get("role") == "user"), default=0)
    return Request(
        api=API, model=str(body.get("model")), stream=bool(body.get("stream")),
        max_tokens=body.get("max_completion_tokens") or body.get("max_tokens"),
        tools=tuple((t.get("function") or {}).get("name") or "" for t in body.get("tools") or ()),
        turn=sum(m.get("role") == "assistant" for m in messages),
        step=sum(bool(m.get("tool_calls")) for m in messages[prompt:]),
        node=node_of([t for m in messages[:first] if m.get("role") == "user" for t in texts(m)]),
        include_usage=bool((body.get("stream_options") or {}).get("include_usage")), messages=len(messages), size=size)


def usage(u: Usage) -> dict:
    return {"prompt_tokens": u.prompt, "completion_tokens": u.output, "total_tokens": u.prompt + u.output,
            "prompt_tokens_details": {"cached_tokens": u.cache_read, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": u.reasoning, "audio_tokens": 0}}


STOP = {"end": "stop", "tool": "tool_calls", "length": "length"}


def calls(plan: Plan) -> list[dict]:
    return [{"id": c.id, "type": "function", "function": {"name": c.name, "arguments": json.dumps(c.arguments)}} for c in plan.calls]


def whole(plan: Plan) -> dict:
    message = {"role": "assistant", "content": plan.text, "refusal": None}
    if plan.calls:
        message["tool_calls"] = calls(plan)
    out = {"id": plan.id, "object": "chat.completion", "created": 1795286878, "model": plan.model,
           "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": STOP[plan.stop]}]}
    return out if plan.no_usage else {**out, "usage": usage(plan.usage)}


def stream(plan: Plan, include_usage: bool) -> Iterator[tuple[bytes, float]]:
    """The events, each with the share of the output that is generated once it left."""
    null = {"usage": None} if include_usage else {}

    def chunk(delta: dict, finish: str | None = None) -> bytes:
        value = {"id": plan.id, "object": "chat.completion.chunk", "created": 1795286878, "model": plan.model,
                 "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}], **null}
        return f"data: {json.dumps(value)}\n\n".encode()

    yield chunk({"role": "assistant", "content": ""}), 0.0
    parts: list[dict] = [{"content": text} for text in cut(plan.text, plan.pieces)]
    for index, call in enumerate(calls(plan)):
        arguments = cut(call["function"]["arguments"], 2)
        parts.append({"tool_calls": [{**call, "index": index, "function": {"name": call["function"]["name"], "arguments": ""}}]})
        parts += [{"tool_calls": [{"index": index, "function": {"arguments": text}}]} for text in arguments]
    for number, delta in enumerate(parts):
        yield chunk(delta), (number + 1) / len(parts)
    yield chunk({}, STOP[plan.stop]), 1.0
    if include_usage and not plan.no_usage:
        value = {"id": plan.id, "object": "chat.completion.chunk", "created": 1795286878, "model": plan.model,
                 "choices": [], "usage": usage(plan.usage)}
        yield f"data: {json.dumps(value)}\n\n".encode(), 1.0
    yield b"data: [DONE]\n\n", 1.0


def error(status: int, message: str) -> dict:
    kind = {400: "invalid_request_error", 401: "authentication_error", 429: "rate_limit_exceeded"}.get(status, "server_error")
    return {"error": {"message": message, "type": kind, "param": None, "code": kind if status != 400 else "invalid_request"}}


def counted(total: int) -> dict:
    return {"object": "response.input_tokens", "input_tokens": total}
