"""The real agents: how each is started without a terminal, without questions, and pointed at a base URL. Data, no I/O but `prepare`."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

ROOT = Path(os.environ.get("TS_AGENTS_DIR") or Path(os.environ.get("HOME", "/root")) / ".cache/tracked-spawn/agents")
KEY = "sk-test-not-a-secret"

QUIET = {  # no telemetry, no updates, no calls but to the model
    "DISABLE_TELEMETRY": "1", "DISABLE_AUTOUPDATER": "1", "DISABLE_ERROR_REPORTING": "1", "DO_NOT_TRACK": "1", "NO_UPDATE_NOTIFIER": "1",
    "CI": "1", "NO_COLOR": "1", "TERM": "dumb", "LANG": "C.UTF-8", "TZ": "UTC"}


@dataclass(frozen=True)
class Agent:
    """One agent. `argv` and `env` take the base URL (no trailing slash, a path prefix is allowed)."""

    name: str
    api: str
    model: str
    argv: Callable[[str, str], list[str]]  # (url, prompt) → arguments after the program
    env: Callable[[str], dict[str, str]]
    resume: Callable[[str, str, str], list[str]] | None = None  # (url, session, prompt)
    settings: Callable[[Path], None] = lambda home: None

    @property
    def program(self) -> str:
        return str(ROOT / "bin" / self.name)

    @property
    def installed(self) -> bool:
        return os.access(self.program, os.X_OK)


def claude_argv(_url: str, prompt: str, *more: str) -> list[str]:
    return ["-p", prompt, "--output-format", "stream-json", "--verbose", "--dangerously-skip-permissions",
            "--model", "claude-sonnet-4-5-20250929", *more]


CLAUDE = Agent(
    "claude", "anthropic.messages", "claude-sonnet-4-5-20250929", claude_argv,
    lambda url: {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": KEY, "IS_SANDBOX": "1",  # it refuses bypassed permissions as root else
                 "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",
                 "CLAUDE_CODE_MAX_RETRIES": "3"},
    lambda url, session, prompt: claude_argv(url, prompt, "--resume", session))


def codex_argv(url: str, *command: str) -> list[str]:
    return ["-c", f'openai_base_url="{url}/v1"', "exec", *command]


CODEX_FLAGS = ["--json", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", "-m", "gpt-5.1-codex"]


def codex_settings(home: Path) -> None:
    (home / ".codex").mkdir(exist_ok=True)
    (home / ".codex/config.toml").write_text(
        "check_for_update_on_startup = false\n[analytics]\nenabled = false\n[feedback]\nenabled = false\n"
        "[features]\nplugins = false\napps = false\ndaemon_auto_start = false\n")


CODEX = Agent(
    "codex", "openai.responses", "gpt-5.1-codex",
    lambda url, prompt: codex_argv(url, *CODEX_FLAGS, prompt),
    lambda url: {"CODEX_API_KEY": KEY, "OPENAI_API_KEY": KEY},
    lambda url, session, prompt: codex_argv(url, "resume", *CODEX_FLAGS, session, prompt),
    codex_settings)


def gemini_settings(home: Path) -> None:
    (home / ".gemini").mkdir(exist_ok=True)
    (home / ".gemini/settings.json").write_text(json.dumps({
        "security": {"auth": {"selectedType": "gemini-api-key"}, "folderTrust": {"enabled": False}},
        "general": {"disableAutoUpdate": True, "disableUpdateNag": True, "enableAutoUpdate": False},
        "privacy": {"usageStatisticsEnabled": False}, "telemetry": {"enabled": False}}))


def gemini_argv(_url: str, prompt: str, *more: str) -> list[str]:
    return ["-p", prompt, "--yolo", "--output-format", "stream-json", "-m", "gemini-2.5-pro", *more]


GEMINI = Agent(
    "gemini", "gemini.generateContent", "gemini-2.5-pro", gemini_argv,
    lambda url: {"GOOGLE_GEMINI_BASE_URL": url, "GEMINI_API_KEY": KEY, "GEMINI_CLI_TRUST_WORKSPACE": "true"},
    lambda url, session, prompt: gemini_argv(url, prompt, "--resume", session), gemini_settings)


def qwen_argv(_url: str, prompt: str, *more: str) -> list[str]:
    return ["-p", prompt, "--yolo", "--output-format", "stream-json", "--auth-type", "openai", "-m", "qwen3-coder-plus", *more]


QWEN = Agent(
    "qwen", "openai.chat", "qwen3-coder-plus", qwen_argv,
    lambda url: {"OPENAI_BASE_URL": f"{url}/v1", "OPENAI_API_KEY": KEY, "OPENAI_MODEL": "qwen3-coder-plus"},
    lambda url, session, prompt: qwen_argv(url, prompt, "--resume", session))


def opencode_env(url: str) -> dict[str, str]:
    provider = {"npm": "@ai-sdk/openai-compatible", "options": {"baseURL": f"{url}/v1", "apiKey": KEY},
                "models": {"m1": {"limit": {"context": 200000, "output": 32000}}}}
    config = {"provider": {"mock": provider}, "model": "mock/m1", "share": "disabled", "autoupdate": False, "permission": "allow"}
    return {"OPENCODE_CONFIG_CONTENT": json.dumps(config), "OPENCODE_DISABLE_AUTOUPDATE": "1", "OPENCODE_DISABLE_MODELS_FETCH": "1",
            "OPENCODE_DISABLE_LSP_DOWNLOAD": "1", "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1"}


OPENCODE = Agent(
    "opencode", "openai.chat", "m1",
    lambda url, prompt: ["run", "--format", "json", "-m", "mock/m1", prompt], opencode_env,
    lambda url, session, prompt: ["run", "--format", "json", "-m", "mock/m1", "--session", session, prompt])

ALL = {agent.name: agent for agent in (CLAUDE, CODEX, GEMINI, QWEN, OPENCODE)}
