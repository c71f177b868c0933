#!/usr/bin/env python3
"""A fake model provider on loopback: Anthropic Messages, OpenAI Responses and Chat Completions, Gemini. See README.md.

  provider.py --scenario '{"steps": 3}' --log provider.jsonl --port-file port
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import ssl
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import anthropic
import gemini
import openai_chat
import openai_responses
from faults import Fault, Faults
from journal import Journal
from model import Plan, Request, Scenario, Script
from wire import BadRequest, Gone, Incoming, Reply, read_request

JSON = {"content-type": "application/json"}


def api_of(path: str):
    """The API that serves a path, whatever stands before it; and whether the path only counts tokens."""
    for ending, api, counts in (
            ("/messages/count_tokens", anthropic, True), ("/messages", anthropic, False),
            ("/responses/input_tokens", openai_responses, True), ("/responses", openai_responses, False),
            ("/chat/completions", openai_chat, False)):
        if path.endswith(ending):
            return api, counts
    return (gemini, path.endswith(":countTokens")) if gemini.PATH.search(path) else (None, False)


def number(value, rng) -> float:
    return rng.uniform(*value) if isinstance(value, list) else float(value)


class Provider:
    def __init__(self, scenario: Scenario, journal: Journal, run: str):
        self.journal = journal
        self.run = run
        self.load(scenario)

    def load(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.faults = Faults(scenario.faults)
        self.script = Script(scenario, self.run)

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while incoming := await read_request(reader, writer):
                reply = await self.exchange(incoming, reader, writer)
                if not reply.keep_alive or incoming.version == "HTTP/1.0" or incoming.headers.get("connection", "").lower() == "close":
                    break
        except (Gone, ConnectionError):
            pass
        except (BadRequest, ValueError) as error:
            self.journal.line(bad=str(error))
            writer.write(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        finally:
            writer.close()

    async def exchange(self, incoming: Incoming, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Reply:
        api, counts = api_of(incoming.path)
        if api is None or incoming.method != "POST":
            reply = Reply(reader, writer, None, self.scenario.half_close)
            await self.other(incoming, reply, api is not None)
            return reply
        request = api.parse(incoming.path, json.loads(incoming.body or b"{}"), len(incoming.body))
        self.journal.request(incoming, request)
        fault = None if counts else self.faults.next(incoming.path, request)
        reply = Reply(reader, writer, fault, self.scenario.half_close)
        self.journal.counts["in_flight"] += 1
        self.journal.counts["max_in_flight"] = max(self.journal.counts["max_in_flight"], self.journal.counts["in_flight"])
        try:
            if counts:
                await self.json(reply, 200, api.counted(self.script.usage(request).prompt))
            elif fault and fault.kind == "status":
                await self.refuse(reply, api, fault)
            else:
                await self.answer(incoming, reply, api, request)
        finally:
            self.journal.counts["in_flight"] -= 1
        return reply

    async def answer(self, incoming: Incoming, reply: Reply, api, request: Request) -> None:
        if reply.fault and reply.fault.kind == "garbage":
            await reply.head(200, JSON, 12)
            return await reply.send(b"\x00\xff<html>{\n\n}")
        plan = self.script.answer(request, api.PREFIX)
        if reply.fault and reply.fault.kind == "no_usage":
            plan = Plan(**{**vars(plan), "no_usage": True})
        rng = self.script.rng(request, "delay")
        encode = self.scenario.encode if self.scenario.encode in incoming.headers.get("accept-encoding", "") else ""
        headers = {"request-id": plan.id.replace(api.PREFIX, "req"), "x-request-id": plan.id.replace(api.PREFIX, "req")}
        if not request.stream:
            await self.before(reply, plan, rng, b"")
            body = json.dumps(api.whole(plan)).encode()
            self.journal.served(plan, request, 1)
            await reply.head(200, {**headers, **JSON}, len(body), encode)
            await reply.send(body)
            return await reply.end()
        sse = api is not gemini or "alt=sse" in incoming.target
        events = list({gemini: lambda: gemini.stream(plan, sse), openai_chat: lambda: openai_chat.stream(plan, request.include_usage)}
                      .get(api, lambda: api.stream(plan))())
        await self.streamed(reply, plan, request, (headers, encode, sse, api.PING, events, rng))

    async def streamed(self, reply: Reply, plan: Plan, request: Request, what: tuple) -> None:
        """Sends the events. What left is billed, and the whole of it just before the last event, so that no reader of the journal is too early."""
        headers, encode, sse, ping, events, rng = what
        kind = {"content-type": "text/event-stream", "cache-control": "no-cache"} if sse else JSON
        lies = reply.fault is not None and reply.fault.kind == "length"
        share, billed, begun = 0.0, False, False
        try:
            if not (self.scenario.ping_ms and sse):
                await self.before(reply, plan, rng, b"", billing=False)
            await reply.head(200, {**headers, **kind}, sum(len(data) for data, _ in events) if lies else None, encode)
            if self.scenario.ping_ms and sse:
                await self.before(reply, plan, rng, ping, billing=False)
            for position, (data, after) in enumerate(events):
                if position and self.scenario.event_delay_ms:
                    await reply.sleep(number(self.scenario.event_delay_ms, rng) / 1000)
                if position + 1 == len(events):
                    self.journal.served(plan, request, 1)
                    billed = True
                await reply.send(data)
                share, begun = after, True
            await reply.end()
        except (Gone, asyncio.CancelledError):
            if begun and not billed:
                self.journal.served(plan, request, min(share, 0.999999))
            elif not begun and not billed:
                self.journal.aborted(plan)
            raise

    async def before(self, reply: Reply, plan: Plan, rng, ping: bytes, billing: bool = True) -> None:
        """The time that the model takes to begin, with keep-alives if the scenario wants them."""
        left = number(self.scenario.delay_ms, rng) / 1000
        try:
            while left > 0:
                step = min(left, self.scenario.ping_ms / 1000) if ping else left
                await reply.sleep(step)
                left -= step
                if ping:
                    await reply.send(ping)
        except Gone:
            if billing:
                self.journal.aborted(plan)
            raise

    async def refuse(self, reply: Reply, api, fault: Fault) -> None:
        self.journal.denied(fault.status)
        headers = {} if fault.retry_after is None else {"retry-after": f"{fault.retry_after:g}"}
        await self.json(reply, fault.status, api.error(fault.status, fault.message), headers)

    async def other(self, incoming: Incoming, reply: Reply, known: bool) -> None:
        """All that is not a model's answer: upgrades, model lists, probes, and our own controls."""
        if incoming.path.endswith("/__provider/stats"):
            return await self.json(reply, 200, self.journal.stats())
        if incoming.path.endswith("/__provider/scenario") and incoming.method == "POST":
            self.load(Scenario.parse(json.loads(incoming.body)))
            return await self.json(reply, 200, {})
        self.journal.request(incoming, None)
        if incoming.headers.get("upgrade", "").lower() == "websocket":
            return await self.json(reply, 426, {"error": {"message": "no WebSocket here", "type": "invalid_request_error"}})
        if incoming.method == "HEAD":
            return await reply.head(200, JSON, 0)
        if incoming.path.endswith("/models") and incoming.method == "GET":
            return await self.json(reply, 200, {"object": "list", "data": [], "models": [], "has_more": False})
        await self.json(reply, 405 if known else 404, {"error": {"message": f"no such page: {incoming.path}", "type": "not_found_error"}})

    async def json(self, reply: Reply, status: int, value: dict, headers: dict | None = None) -> None:
        body = json.dumps(value).encode()
        await reply.head(status, {**JSON, **(headers or {})}, len(body))
        await reply.send(body)
        await reply.end()


async def serve(options: argparse.Namespace) -> None:
    text = options.scenario if options.scenario.lstrip().startswith("{") else Path(options.scenario).read_text()
    with open(options.log, "a", encoding="utf-8") if options.log else open(os.devnull, "w", encoding="utf-8") as log:
        provider = Provider(Scenario.parse(json.loads(text)), Journal(log), options.run)
        tasks: set[asyncio.Task] = set()

        async def connection(reader, writer):
            task = asyncio.current_task()
            tasks.add(task)
            try:
                await provider.connection(reader, writer)
            except asyncio.CancelledError:
                pass
            finally:
                tasks.discard(task)

        tls = None
        if options.cert:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(options.cert, options.key)
        server = await asyncio.start_server(connection, options.host, options.port, limit=4 << 20, backlog=1024, ssl=tls)
        port = server.sockets[0].getsockname()[1]
        stop = asyncio.Event()
        for number_ in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number_, stop.set)
        if options.port_file:
            draft = Path(f"{options.port_file}.new")
            draft.write_text(f"{port}\n")
            draft.replace(options.port_file)  # whoever sees the file reads the whole number
        print(port, flush=True)
        await stop.wait()
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", default="{}", help="a JSON file, or the JSON itself")
    parser.add_argument("--log", help="JSON lines: requests, `served` (billed) responses, refusals; appended to")
    parser.add_argument("--port-file", help="gets the port once it listens")
    parser.add_argument("--port", type=int, default=0, help="default: one of the kernel's choosing, printed on stdout")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--cert", help="speak TLS with this certificate (PEM)")
    parser.add_argument("--key", help="its key, if not in the same file")
    parser.add_argument("--run", default=f"{os.getpid():05d}", help="part of every response id, so that two providers never share one")
    try:
        asyncio.run(serve(parser.parse_args()))
    except (OSError, ValueError) as error:
        sys.exit(f"provider: {error}")


if __name__ == "__main__":
    main()
