"""The timing half of scripts/bench/meter: runs both tools in turns and compares what they say."""
import json
import os
import statistics
import subprocess
import sys
import time


def timed(command: list[str], env: dict[str, str]) -> tuple[float, dict]:
    begin = time.perf_counter()
    done = subprocess.run(command, env=env, capture_output=True, check=True)
    return time.perf_counter() - begin, json.loads(done.stdout)


def main() -> int:
    runs, home, ours, peer = int(sys.argv[1]), *sys.argv[2:5]
    env = {**os.environ, "TZ": "UTC", "CLAUDE_CONFIG_DIR": home}
    commands = {
        "tracked-spawn": [ours, "meter", "--json", os.path.join(home, "projects")],
        "ccusage": [peer, "claude", "daily", "--offline", "--json"],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    said: dict[str, dict] = {}
    for _ in range(runs):
        for name, command in commands.items():
            seconds, said[name] = timed(command, env)
            times[name].append(seconds)

    with open(os.path.join(home, "truth.json")) as file:
        truth = json.load(file)
    theirs = said["ccusage"]["totals"]
    counts = said["tracked-spawn"]["counts"]
    rows = [("input", "inputTokens"), ("cache_write", "cacheCreationTokens"),
            ("cache_read", "cacheReadTokens"), ("output", "outputTokens")]
    equal = True
    print(f"{truth['files']} files, {truth['bytes']:,} bytes, {truth['requests']:,} responses, {runs} runs each")
    for key, peer_key in rows:
        values = (counts[key], theirs[peer_key], truth[key])
        equal = equal and len(set(values)) == 1
        print(f"{key:12} tracked-spawn {values[0]:>15,}  ccusage {values[1]:>15,}  truth {values[2]:>15,}")
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, median in medians.items():
        print(f"{name:14} median {median * 1000:8.1f} ms  (min {min(times[name]) * 1000:.1f}, max {max(times[name]) * 1000:.1f})")
    print(f"ratio: {medians['ccusage'] / medians['tracked-spawn']:.1f} times as fast; totals {'equal' if equal else 'DIFFER'}")
    return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main())
