"""The timing half of scripts/bench/import."""
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

MODEL = "claude-sonnet-4-5-20250929"


def run(command, env):
    begin = time.perf_counter()
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{command}: exit {done.returncode}: {done.stderr}")
    return time.perf_counter() - begin, json.loads(done.stdout)


def show(name, times):
    print(f"{name:34} median {statistics.median(times) * 1000:7.1f} ms  (min {min(times) * 1000:.1f}, max {max(times) * 1000:.1f})")


def main():
    runs, home, binary, peer = int(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3], sys.argv[4]
    state, projects = home / "state", str(home / "projects")
    env = {**os.environ, "TZ": "UTC", "XDG_STATE_HOME": str(state), "XDG_CONFIG_HOME": str(home / "none"), "CLAUDE_CONFIG_DIR": str(home)}
    times = {"meter": [], "first": [], "again": [], "grown": []}
    grown_file = max(pathlib.Path(projects).rglob("*.jsonl"), key=lambda p: p.stat().st_size)
    whole = grown_file.read_bytes()
    for number in range(runs):
        times["meter"].append(run([binary, "meter", "--json", projects], env)[0])
        shutil.rmtree(state, ignore_errors=True)
        seconds, first = run([binary, "import", "--json", projects], env)
        times["first"].append(seconds)
        seconds, again = run([binary, "import", "--json", projects], env)
        times["again"].append(seconds)
        if again["unchanged"] != again["files"] or again["bytes"] != 0:
            sys.exit(f"the second import has read something: {again}")
    report = run([binary, "report", "--by", "model", "--json"], env)[1]
    with open(home / "truth.json") as file:
        truth = json.load(file)
    print(f"{truth['files']} files, {truth['bytes']:,} bytes, {truth['requests']:,} responses, {runs} runs each; {first['runs']} sessions")

    equal = True
    counts = report["total"]["counts"]
    theirs = None
    if os.access(peer, os.X_OK):
        theirs = run([peer, "claude", "daily", "--offline", "--json"], env)[1]
    for key, name in [("input", "inputTokens"), ("cache_write", "cacheCreationTokens"), ("cache_read", "cacheReadTokens"), ("output", "outputTokens")]:
        values = [counts[key], truth[key]] + ([theirs["totals"][name]] if theirs else [])
        equal = equal and len(set(values)) == 1
        print(f"{key:12} ledger {values[0]:>15,}  truth {values[1]:>15,}" + (f"  ccusage {values[2]:>15,}" if theirs else ""))
    if theirs:
        cost = {}
        for day in theirs["daily"]:
            for part in day.get("modelBreakdowns", []):
                cost[part["modelName"]] = cost.get(part["modelName"], 0) + part["cost"]
        for row in report["rows"]:
            own, other = (row["cost_micro_usd"] or 0) / 1e6, cost.get(row["model"], 0)
            print(f"cost of {row['model']:28} ledger ${own:12,.6f}  ccusage ${other:12,.6f}  {'equal' if abs(own - other) < 0.000002 else f'differs by {own - other:+.6f}'}")
    else:
        print("no ccusage: its totals are not compared (scripts/setup-agents installs it, or set CCUSAGE)")

    for number in range(runs):  # one line more in one file
        line = whole[whole.rstrip(b"\n").rfind(b"\n", 0, len(whole) // 2) + 1:].split(b"\n", 1)[0] + b"\n"
        with open(grown_file, "ab") as file:
            file.write(line)
        seconds, grown = run([binary, "import", "--json", projects], env)
        times["grown"].append(seconds)
        if grown["continued"] != 1 or grown["bytes"] != len(line):
            sys.exit(f"more was read than what is new: {grown}")
    show("meter", times["meter"])
    show("import into an empty ledger", times["first"])
    show("import, nothing new", times["again"])
    show("import, one file has a new line", times["grown"])
    ratio = statistics.median(times["first"]) / statistics.median(times["meter"])
    print(f"first import: {ratio:.2f} × meter; totals {'equal' if equal else 'DIFFER'}")
    return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main())
