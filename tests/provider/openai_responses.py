"""OpenAI Responses: what a request says, and an answer in its shape."""

from __future__ import annotations

import json
from typing import Iterator

from model import Plan, Request, Usage, cut, node_of
from openai_chat import PING, counted, error  # noqa: F401  shared by both APIs

API = "openai.responses"
PREFIX = "resp"
CALLS = ("function_call", "local_shell_call", "custom_tool_call")
RESULTS = ("function_call_output", "local_shell_call_output", "custom_tool_call_output")


def texts(item: dict) -> list[str]:
    content = item.get("content") or []
    return [content] if isinstance(content, str) else [str(part.get("text", "")) for part in content]


def is_answer(item: dict) -> bool:
    return item.get("type") in CALLS or item.get("role") == "assistant"


def tool_names(tools: list[dict]) -> Iterator[str]:
    for tool in tools:
        if tool.get("type") == "namespace":
            yield from (f"{tool.get('name')}.{inner.get('name')}" for inner in tool.get("tools") or ())
        else:
            yield tool.get("name") or ""


def children(items: list[dict]) -> Iterator[str]:
    """The sub-agents that calls of spawn_agent started."""
    for item in items:
        if item.get("type") in RESULTS and isinstance(item.get("output"), str) and "agent_id" in item["output"]:
            try:
                yield str(json.loads(item["output"])["agent_id"])
            except (ValueError, KeyError, TypeError):
                pass


def parse(_path: str, body: dict, size: int) -> Request:
    items = body.get("input") or []
    if isinstance(items, str):
        items = [{"role": "user", "content": items}]
    first = next((i for i, item in enumerate(items) if is_answer(item)), len(items))
    # A text that starts with a tag is the agent's own word: the environment, or the news that a sub-agent ended.
    prompt = max((i for i, item in enumerate(items) if item.get("role") == "user" and any(not t.startswith("<") for t in texts(item))), default=0)
    ends = [i for i, item in enumerate(items) if is_answer(item) and (i + 1 == len(items) or not is_answer(items[i + 1]))]
    return Request(
        api=API, model=str(body.get("model")), stream=bool(body.get("stream")), max_tokens=body.get("max_output_tokens"),
        tools=tuple(tool_names(body.get("tools") or ())),
        turn=len(ends),  # an answer may be several items: it ends where a result or a user's word follows
        step=sum(items[i].get("type") in CALLS for i in ends if i > prompt),
        children=tuple(children(items[prompt:])),
        node=node_of([t for item in items[:first] if item.get("role") == "user" for t in texts(item)]),
        messages=len(items), size=size)


def usage(u: Usage) -> dict:
    return {"input_tokens": u.prompt, "input_tokens_details": {"cached_tokens": u.cache_read}, "output_tokens": u.output,
            "output_tokens_details": {"reasoning_tokens": u.reasoning}, "total_tokens": u.prompt + u.output}


def items_of(plan: Plan) -> list[dict]:
    out = []
    if not plan.calls:
        out.append({"type": "message", "id": plan.id.replace("resp", "msg"), "status": "completed", "role": "assistant",
                    "content": [{"type": "output_text", "text": plan.text, "annotations": []}]})
    for call in plan.calls:
        named = {"name": call.name, **({"namespace": call.namespace} if call.namespace else {})}
        out.append({"type": "function_call", "id": call.id.replace("call", "fc"), "call_id": call.id, **named,
                    "arguments": json.dumps(call.arguments), "status": "completed"})
    return out


def response(plan: Plan, status: str, items: list[dict]) -> dict:
    done = status in ("completed", "incomplete") and not plan.no_usage
    return {"id": plan.id, "object": "response", "created_at": 1795286878, "status": status, "model": plan.model, "output": items,
            "error": None, "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
            "parallel_tool_calls": True, "usage": usage(plan.usage) if done else None}


def whole(plan: Plan) -> dict:
    return response(plan, "incomplete" if plan.stop == "length" else "completed", items_of(plan))


def stream(plan: Plan) -> Iterator[tuple[bytes, float]]:
    """The events, each with the share of the output that is generated once it left."""
    number = -1

    def event(kind: str, **fields) -> bytes:
        nonlocal number
        number += 1
        return f"event: {kind}\ndata: {json.dumps({'type': kind, 'sequence_number': number, **fields})}\n\n".encode()

    yield event("response.created", response=response(plan, "in_progress", [])), 0.0
    yield event("response.in_progress", response=response(plan, "in_progress", [])), 0.0
    items = items_of(plan)
    for index, item in enumerate(items):
        at, share = {"output_index": index, "item_id": item["id"]}, index / len(items)
        text = item["arguments"] if "arguments" in item else plan.text
        opened = {**item, "status": "in_progress", **({"arguments": ""} if "arguments" in item else {"content": []})}
        yield event("response.output_item.added", output_index=index, item=opened), share
        kind = "response.function_call_arguments" if "arguments" in item else "response.output_text"
        inner = {} if "arguments" in item else {"content_index": 0}
        if inner:
            yield event("response.content_part.added", **at, **inner, part={"type": "output_text", "text": "", "annotations": []}), share
        parts = cut(text, plan.pieces)
        for n, part in enumerate(parts):
            yield event(f"{kind}.delta", **at, **inner, delta=part), (index + (n + 1) / len(parts)) / len(items)
        share = (index + 1) / len(items)
        yield event(f"{kind}.done", **at, **inner, **({"text": text} if inner else {"arguments": text})), share
        if inner:
            yield event("response.content_part.done", **at, **inner, part=item["content"][0]), share
        yield event("response.output_item.done", output_index=index, item=item), share
    final = whole(plan)
    yield event(f"response.{final['status']}", response=final), 1.0
