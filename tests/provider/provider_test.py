#!/usr/bin/env python3
"""The fake provider itself: shapes, sums, what a broken-off answer costs, faults, load."""

from __future__ import annotations

import gzip
import http.client
import json
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOOLS = {"anthropic": [{"name": "Bash"}, {"name": "Agent"}], "chat": [{"type": "function", "function": {"name": "bash"}}]}


class Running:
    """A provider process and its log."""

    def __init__(self, scenario: dict | None = None, *options: str):
        self.folder = Path(tempfile.mkdtemp(prefix="ts-provider-"))
        self.log = self.folder / "log"
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "provider.py"), "--scenario", json.dumps(scenario or {}), "--log", str(self.log), *options],
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        self.port = int(self.process.stdout.readline())

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder)

    def stop(self) -> list[dict]:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)
            self.process.stdout.close()
        return self.lines()

    def stop_served(self) -> list[dict]:
        return [line for line in self.stop() if "served" in line]

    def lines(self, key: str = "") -> list[dict]:
        values = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [v for v in values if key in v] if key else values

    def post(self, path: str, body: dict | bytes, headers: dict | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("POST", path, body if isinstance(body, bytes) else json.dumps(body), headers or {})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def until(self, key: str, count: int = 1) -> list[dict]:
        deadline = time.monotonic() + 60
        while len(self.lines(key)) < count:
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.01)
        return self.lines(key)


def claude(stream: bool = True, **more) -> dict:
    return {"model": "m", "stream": stream, "max_tokens": 32000, "tools": TOOLS["anthropic"], "messages": [{"role": "user", "content": "go"}], **more}


def events(body: bytes) -> list[dict]:
    return [json.loads(line[5:]) for line in body.split(b"\n") if line.startswith(b"data:") and b"[DONE]" not in line]


def parts(line: dict) -> dict:
    return {key: line[key] for key in ("input", "cache_write", "cache_read", "output", "reasoning")}


class Shapes(unittest.TestCase):
    def test_anthropic_streams_and_whole_answers_carry_what_is_billed(self):
        with Running() as provider:
            streamed = events(provider.post("/prefix/v1/messages?beta=true", claude())[1])
            whole = json.loads(provider.post("/v1/messages", claude(stream=False))[1])
            counted = json.loads(provider.post("/v1/messages/count_tokens", claude())[1])
            first, second = provider.stop_served()
            self.assertEqual(parts(first), parts(second))
            for usage in (streamed[-2]["usage"], whole["usage"]):
                self.assertEqual([usage["input_tokens"], usage["cache_creation_input_tokens"], usage["cache_read_input_tokens"], usage["output_tokens"]],
                                 [first["input"], first["cache_write"], first["cache_read"], first["output"]])
            self.assertEqual(streamed[0]["message"]["usage"]["output_tokens"], 1)
            self.assertEqual(counted["input_tokens"], first["input"] + first["cache_write"] + first["cache_read"])
            self.assertEqual([b["type"] for b in whole["content"]], ["text", "tool_use"])

    def test_openai_responses_tell_usage_at_the_end(self):
        with Running() as provider:
            body = {"model": "m", "stream": True, "input": "go", "tools": [{"type": "function", "name": "exec_command"}]}
            last = events(provider.post("/v1/responses", body)[1])[-1]
            line, = provider.stop_served()
            self.assertEqual(last["type"], "response.completed")
            self.assertEqual(last["response"]["usage"]["total_tokens"], line["input"] + line["cache_read"] + line["output"])

    def test_chat_streams_tell_usage_only_when_asked(self):
        with Running() as provider:
            body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "go"}], "tools": TOOLS["chat"]}
            silent = events(provider.post("/v1/chat/completions", body)[1])
            told = events(provider.post("/v1/chat/completions", {**body, "stream_options": {"include_usage": True}})[1])
            self.assertFalse([e for e in silent if e.get("usage")])
            self.assertEqual(told[-1]["choices"], [])
            self.assertEqual(told[-1]["usage"]["completion_tokens"], provider.stop_served()[0]["output"])

    def test_gemini_tells_usage_in_every_chunk(self):
        with Running() as provider:
            body = {"contents": [{"role": "user", "parts": [{"text": "go"}]}]}
            chunks = events(provider.post("/v1beta/models/g:streamGenerateContent?alt=sse", body)[1])
            array = json.loads(provider.post("/v1beta/models/g:streamGenerateContent", body)[1])
            usage = chunks[-1]["usageMetadata"]
            line = provider.stop_served()[0]
            self.assertTrue(all("usageMetadata" in c for c in chunks + array))
            self.assertEqual(usage["candidatesTokenCount"] + usage["thoughtsTokenCount"], line["output"])
            self.assertEqual(usage["totalTokenCount"], line["input"] + line["cache_read"] + line["output"])

    def test_output_limit_is_kept(self):
        with Running({"output": [500, 900]}) as provider:
            last = events(provider.post("/v1/messages", claude(max_tokens=64))[1])[-2]
            chat = {"model": "m", "messages": [], "max_completion_tokens": 33}
            finish = json.loads(provider.post("/v1/chat/completions", chat)[1])["choices"][0]["finish_reason"]
            lines = provider.stop_served()
            self.assertEqual((last["delta"]["stop_reason"], last["usage"]["output_tokens"]), ("max_tokens", 64))
            self.assertEqual(finish, "length")
            self.assertEqual([line["output"] for line in lines], [64, 33])

    def test_encoded_bodies_are_read(self):
        with Running() as provider:
            plain = json.dumps(claude()).encode()
            self.assertEqual(provider.post("/v1/messages", gzip.compress(plain), {"content-encoding": "gzip"})[0], 200)
            if shutil.which("zstd"):
                packed = subprocess.run(["zstd", "-q"], input=plain, capture_output=True, check=True).stdout
                self.assertEqual(provider.post("/v1/messages", packed, {"content-encoding": "zstd"})[0], 200)
            self.assertEqual(provider.post("/v1/messages", b"\x1f\x8bjunk", {"content-encoding": "br"})[0], 400)

    def test_a_websocket_is_turned_away(self):
        with Running() as provider:
            connection = http.client.HTTPConnection("127.0.0.1", provider.port, timeout=20)
            connection.request("GET", "/v1/responses", headers={"Upgrade": "websocket", "Connection": "Upgrade"})
            self.assertEqual(connection.getresponse().status, 426)
            connection.close()

    def test_it_speaks_tls(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                            "-keyout", f"{folder}/pem", "-out", f"{folder}/cert"], check=True, capture_output=True)
            Path(f"{folder}/pem").write_text(Path(f"{folder}/pem").read_text() + Path(f"{folder}/cert").read_text())
            with Running({}, "--cert", f"{folder}/pem") as provider:
                trust = ssl.create_default_context(cafile=f"{folder}/cert")
                connection = http.client.HTTPSConnection("127.0.0.1", provider.port, timeout=20, context=trust)
                connection.request("POST", "/v1/messages", json.dumps(claude()))
                self.assertTrue(connection.getresponse().read().endswith(b'"message_stop"}\n\n'))
                connection.close()

    def test_the_log_holds_no_key(self):
        with Running() as provider:
            provider.post("/v1/messages", claude(), {"x-api-key": "sk-secret-1", "authorization": "Bearer sk-secret-2"})
            provider.post("/v1beta/models/g:generateContent?key=sk-secret-3", {"contents": []})
            provider.stop()
            self.assertNotIn("sk-secret", provider.log.read_text())


class Script(unittest.TestCase):
    def test_a_conversation_walks_through_its_steps_and_ends(self):
        with Running({"steps": 2}) as provider:
            messages, stops = [{"role": "user", "content": "go"}], []
            for _ in range(3):
                answer = json.loads(provider.post("/v1/messages", claude(stream=False, messages=messages))[1])
                stops.append(answer["stop_reason"])
                result = [{"type": "tool_result", "tool_use_id": b["id"], "content": "ok"} for b in answer["content"] if b["type"] == "tool_use"]
                messages += [{"role": "assistant", "content": answer["content"]}, {"role": "user", "content": result}]
            self.assertEqual(stops, ["tool_use", "tool_use", "end_turn"])
            first, second, third = provider.stop_served()
            self.assertEqual(second["cache_read"], first["input"] + first["cache_write"] + first["cache_read"] - first["input"] + 4)
            self.assertEqual(len({json.dumps(parts(line)) for line in (first, second, third)}), 3)

    def test_fan_out_starts_children_and_their_children(self):
        with Running({"fanout": [3, 2], "child_steps": 0}) as provider:
            answer = json.loads(provider.post("/v1/messages", claude(stream=False))[1])
            children = [b["input"]["prompt"] for b in answer["content"] if b["type"] == "tool_use"]
            self.assertEqual(len(children), 3)
            inner = json.loads(provider.post("/v1/messages", claude(stream=False, messages=[{"role": "user", "content": children[1]}]))[1])
            prompts = [b["input"]["prompt"] for b in inner["content"] if b["type"] == "tool_use"]
            self.assertEqual([p[:10] for p in prompts], ["[node 1.0]", "[node 1.1]"])
            leaf = json.loads(provider.post("/v1/messages", claude(stream=False, messages=[{"role": "user", "content": prompts[0]}]))[1])
            self.assertEqual(leaf["stop_reason"], "end_turn")

    def test_those_in_between_may_have_steps_of_their_own(self):
        def first_and_second(scenario, node):
            with Running({"fanout": [1, 1], "child_steps": 1, **scenario}) as provider:
                messages, stops = [{"role": "user", "content": f"[node {node}] do part 0"}], []
                for _ in range(2):
                    answer = json.loads(provider.post("/v1/messages", claude(stream=False, messages=messages))[1])
                    stops.append(answer["stop_reason"])
                    result = [{"type": "tool_result", "tool_use_id": b["id"], "content": "ok"} for b in answer["content"] if b["type"] == "tool_use"]
                    messages += [{"role": "assistant", "content": answer["content"]}, {"role": "user", "content": result}]
                return stops
        self.assertEqual(first_and_second({}, "0"), ["tool_use", "tool_use"])
        self.assertEqual(first_and_second({"inner_steps": 0}, "0"), ["tool_use", "end_turn"])
        self.assertEqual(first_and_second({"inner_steps": 0}, "0.0"), ["tool_use", "end_turn"])  # a leaf: its one step, then the end

    def test_bad_scenarios_are_refused(self):
        for scenario in ('{"step": 3}', '{"faults": [{"kind": "flood"}]}', "{"):
            done = subprocess.run([sys.executable, str(HERE / "provider.py"), "--scenario", scenario], capture_output=True, text=True, timeout=20)
            self.assertNotEqual(done.returncode, 0)
            self.assertTrue(done.stderr.startswith("provider: "), done.stderr)


class Faults(unittest.TestCase):
    def test_statuses_hit_the_requests_they_name_in_each_shape(self):
        faults = [{"kind": "status", "status": 429, "after": 1, "times": 2, "api": "anthropic", "retry_after": 0},
                  {"kind": "status", "status": 400, "message": "no more", "api": "openai", "times": None},
                  {"kind": "status", "status": 400, "message": "no more", "api": "gemini"}]
        with Running({"faults": faults}) as provider:
            self.assertEqual([provider.post("/v1/messages", claude())[0] for _ in range(4)], [200, 429, 429, 200])
            self.assertEqual(json.loads(provider.post("/v1/responses", {"input": "go"})[1])["error"]["message"], "no more")
            self.assertEqual(json.loads(provider.post("/v1/chat/completions", {})[1])["error"]["type"], "invalid_request_error")
            self.assertEqual(json.loads(provider.post("/v1beta/models/g:generateContent", {})[1])["error"]["status"], "INVALID_ARGUMENT")
            self.assertEqual(len(provider.stop_served()), 2)

    def test_a_reply_cut_at_any_byte_is_billed_for_what_had_left(self):
        with Running() as provider:
            whole = provider.post("/v1/messages", claude())[1]
        outputs = []
        for at in (0, 40, 400, len(whole) // 2, len(whole) - 300):
            with Running({"faults": [{"kind": "reset", "at_byte": at}]}) as provider:
                with self.assertRaises((ConnectionError, http.client.HTTPException)):
                    provider.post("/v1/messages", claude())
                lines = provider.stop_served()
                outputs.append(lines[0]["output"] if lines else -1)
        self.assertEqual(outputs, sorted(outputs))
        self.assertEqual(outputs[0], -1)
        self.assertGreater(outputs[-1], 0)

    def test_a_client_that_leaves_pays_for_what_it_got(self):
        with Running({"event_delay_ms": 100, "pieces": 100, "chars_per_token": 4}) as provider:
            body = json.dumps(claude()).encode()
            with socket.create_connection(("127.0.0.1", provider.port)) as sock:
                sock.sendall(b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
                seen = b""
                while seen.count(b"content_block_delta") < 10:
                    seen += sock.recv(4096)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            line, = provider.until("served")
            self.assertEqual(line["stop"], "broken")
            self.assertTrue(0 < line["output"] < 150, line)
            self.assertEqual(line["input"] + line["cache_write"], 1200)

    def test_a_client_that_leaves_before_the_answer_pays_nothing(self):
        with Running({"delay_ms": 60000}) as provider:
            body = json.dumps(claude()).encode()
            with socket.create_connection(("127.0.0.1", provider.port)) as sock:
                sock.sendall(b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
                provider.until("m")
            provider.until("aborted")
            self.assertEqual(provider.stop_served(), [])

    def test_lengths_lie_and_garbage_is_garbage(self):
        with Running({"faults": [{"kind": "length", "delta": 50}, {"kind": "garbage", "after": 1}]}) as provider:
            with self.assertRaises(http.client.IncompleteRead):
                provider.post("/v1/messages", claude(stream=False))
            with self.assertRaises(json.JSONDecodeError):
                json.loads(provider.post("/v1/messages", claude(stream=False))[1].decode("latin-1"))


class Load(unittest.TestCase):
    def test_many_at_once_are_all_answered_and_billed_once(self):
        with Running() as provider:
            body = json.dumps(claude(padding="x" * 100000)).encode()

            def client():
                connection = http.client.HTTPConnection("127.0.0.1", provider.port, timeout=60)
                for _ in range(25):
                    connection.request("POST", "/v1/messages", body)
                    assert connection.getresponse().read().endswith(b'"message_stop"}\n\n')
                connection.close()

            threads = [threading.Thread(target=client) for _ in range(16)]
            begun = time.monotonic()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            print(f"load: {400 / (time.monotonic() - begun):.0f} requests/s of 100 kB", file=sys.stderr)
            lines = provider.stop_served()
            self.assertEqual(len({line["served"] for line in lines}), 400)


if __name__ == "__main__":
    unittest.main(verbosity=1)
