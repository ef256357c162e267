"""Tidegate beside DuckDB and Polars: the same file, the same run, in turns. README.md says how to read the result.

    python3 tests/benchmarks/run.py            # makes its environment and its data below this folder on the first run
"""

import argparse
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import time
import venv

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DATA = HERE / ".data"
OUT = DATA / "out"  # what one run of `collect` writes; empty before each
DEMO = ROOT / "cli/demo"
TRAINING = DEMO / "training.parquet"
CONTRACT = DEMO / "flight-delay.yaml"
ROWS = 1_645_000  # 573 MB
GIGABYTE_ROWS = 2_871_000
HEAD_LINES = 1_000  # a log so short that what is measured on it is the fixed cost
DRIFT_EXIT_CODES = {0, 1}  # 1: drift was found, which is no failure of the run


def enter_environment() -> None:
    """Goes on inside this folder's own Python environment, made on the first run."""
    python = HERE / ".venv/bin/python"
    pins = (HERE / "requirements.txt").read_text()
    stamp = HERE / ".venv/pins.txt"
    if not stamp.exists() or stamp.read_text() != pins:
        print("making the Python environment", file=sys.stderr)
        venv.create(HERE / ".venv", with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", HERE / "requirements.txt"], check=True)
        stamp.write_text(pins)
    if pathlib.Path(sys.prefix) != HERE / ".venv":
        os.execv(python, [str(python), *sys.argv])


def measure(command: list, answer: pathlib.Path) -> dict:
    """Runs a command once: CPU seconds (user and system), wall seconds, peak resident MiB of that process."""
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    with answer.open("wb") as out, answer.with_suffix(".log").open("wb") as errors:
        started = time.perf_counter()
        process = subprocess.Popen([str(part) for part in command], stdout=out, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
    process.returncode = code = os.waitstatus_to_exitcode(status)
    if code not in (DRIFT_EXIT_CODES if command[1] == "drift" else {0}):
        raise SystemExit(f"{' '.join(map(str, command))}\nended with {code}: {answer.with_suffix('.log').read_text()[-2000:]}")
    return {"cpu_s": usage.ru_utime + usage.ru_stime, "wall_s": wall, "peak_mib": usage.ru_maxrss / 1024}


class Commands:
    """How each side does each job."""

    def __init__(self, options: argparse.Namespace):
        self.tidegate = options.tidegate
        self.collector = options.collector
        self.threads = options.threads

    def profile(self, log: pathlib.Path) -> dict:
        """Parse, profile, compare with the baseline."""
        return {
            "Tidegate": [self.tidegate, "drift", "--contract", CONTRACT, "--baseline", TRAINING, "--current", log, "--json"],
            "DuckDB": [sys.executable, HERE / "duckdb_side.py", "profile", log, TRAINING, self.threads],
            "Polars": [sys.executable, HERE / "polars_side.py", "profile", log, TRAINING, self.threads],
        }

    def collect(self, log: pathlib.Path) -> dict:
        """One object in; typed, partitioned Parquet and hourly profiles out."""
        return {
            "Tidegate": [self.collector, log, CONTRACT, TRAINING, OUT],
            "DuckDB": [sys.executable, HERE / "duckdb_side.py", "collect", log, TRAINING, self.threads, OUT],
            "Polars": [sys.executable, HERE / "polars_side.py", "collect", log, TRAINING, self.threads, OUT],
        }


def log_of(rows: int, twins: bool) -> pathlib.Path:
    """The log, made when it is not there: by another process, for what this one holds counts as a measured one's peak (Linux keeps it over exec)."""
    command = [sys.executable, HERE / "generate.py", DEMO, DATA, str(rows), *(["twins"] if twins else [])]
    return pathlib.Path(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())


def head_of(log: pathlib.Path) -> pathlib.Path:
    """The first lines of a log."""
    short = log.with_name("head.jsonl")
    with log.open("rb") as lines, short.open("wb") as out:
        out.writelines(line for _, line in zip(range(HEAD_LINES), lines, strict=False))
    return short


def interleave(commands_of, log: pathlib.Path, sides: list, rounds: int, label: str) -> dict:
    """Every side once per round, beginning with another side each time. One round before the first is not counted: it warms the page cache."""
    runs = {side: [] for side in sides}
    for number in range(rounds + 1):
        for side in sides[number % len(sides) :] + sides[: number % len(sides)]:
            run = measure(commands_of(log)[side], DATA / f"answer-{label}-{side}.json".lower())
            if number:
                runs[side].append(run)
                print(f"{label} {number}/{rounds} {side:9} {run['cpu_s']:6.2f} CPU s {run['wall_s']:6.2f} s {run['peak_mib']:6.0f} MiB", file=sys.stderr)
    return runs


def spread(values: list) -> dict:
    """Least, middle and greatest."""
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}


def summarise(runs: dict, fixed: dict) -> dict:
    """Per side: the three figures, and its CPU seconds over Tidegate's of the same round, whole and without the fixed cost."""
    result = {}
    for side, own in runs.items():
        result[side] = {key: spread([run[key] for run in own]) for key in own[0]}
        result[side]["fixed_cpu_s"] = statistics.median(run["cpu_s"] for run in fixed[side])
        if "Tidegate" in runs and side != "Tidegate":
            pairs = list(zip(own, runs["Tidegate"], strict=True))
            base = statistics.median(run["cpu_s"] for run in fixed["Tidegate"])
            result[side]["cpu_ratio"] = spread([other["cpu_s"] / ours["cpu_s"] for other, ours in pairs])
            result[side]["cpu_ratio_without_fixed"] = spread([(other["cpu_s"] - result[side]["fixed_cpu_s"]) / (ours["cpu_s"] - base) for other, ours in pairs])
    return result


def table(title: str, summary: dict) -> str:
    """A Markdown table; every cell least / median / greatest."""

    def cell(values: dict | None, digits: int) -> str:
        return " / ".join(f"{values[key]:.{digits}f}" for key in ("min", "median", "max")) if values else ""

    lines = [
        f"### {title}", "",
        "| | CPU seconds | of which fixed | wall seconds | peak MiB | CPU over Tidegate's | the same without the fixed cost |",
        "|---|---|---|---|---|---|---|",
    ]
    for side, row in summary.items():
        lines.append(
            f"| {side} | {cell(row['cpu_s'], 2)} | {row['fixed_cpu_s']:.2f} | {cell(row['wall_s'], 2)} | {cell(row['peak_mib'], 0)} "
            f"| {cell(row.get('cpu_ratio'), 2)} | {cell(row.get('cpu_ratio_without_fixed'), 2)} |"
        )
    return "\n".join(lines) + "\n"


def sides_agree(sides: list) -> str:
    """Holds the answers beside each other: a benchmark of programs that count different things says nothing."""
    answers = {side: json.loads((DATA / f"answer-profile-{side}.json".lower()).read_text()) for side in sides}
    if "Tidegate" in answers:
        verdict = answers["Tidegate"]
        means = {field["name"]: {"mean": field["mean_current"]} for field in verdict["fields"] if field.get("mean_current") is not None}
        answers["Tidegate"] = {"rows": verdict["records"], "fields": means}
    first, *others = answers
    worst, compared = 0.0, 0
    for other in others:
        if answers[other]["rows"] != answers[first]["rows"]:
            raise SystemExit(f"{first} counted {answers[first]['rows']} rows, {other} {answers[other]['rows']}")
        for name in answers[first]["fields"].keys() & answers[other]["fields"].keys():
            one, two = answers[first]["fields"][name], answers[other]["fields"][name]
            for key in one.keys() & two.keys():
                compared += 1
                worst = max(worst, abs(one[key] - two[key]) / max(abs(one[key]), 1e-12))
    if worst > 1e-6 or (others and not compared):
        raise SystemExit(f"the sides do not count the same: {compared} figures compared, worst relative difference {worst}")
    return f"{' and '.join(sides)} agree on {answers[first]['rows']:,} rows, and on {compared} counts, moments and indices that they share within {worst:.0e}."


def machine() -> str:
    """What the figures were measured on."""
    model = next((line.split(":", 1)[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), platform.machine())
    versions = ", ".join(line.replace("==", " ") for line in (HERE / "requirements.txt").read_text().split())
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    return f"{model}, {os.cpu_count()} cores; Python {platform.python_version()}, {versions}; Tidegate at {commit}"


def compare(options: argparse.Namespace, log: pathlib.Path) -> dict:
    """Both jobs on the log: interleaved rounds, and the fixed cost on its first lines."""
    commands, short = Commands(options), head_of(log)
    jobs = {"profile": (commands.profile, "Profile: parse, profile, compare"), "collect": (commands.collect, "Collect: one object into partitioned Parquet and hourly profiles")}
    result = {"machine": machine(), "log_mb": log.stat().st_size / 1e6, "threads": options.threads, "rounds": options.rounds, "jobs": {}}
    print(f"{result['machine']}\n\n{log.stat().st_size / 1e6:.0f} MB of JSON lines, {options.rounds} interleaved rounds, "
          f"{'each side with as many threads as it likes' if options.threads == '0' else f'peers with {options.threads} thread'}. Cells: least / median / greatest.\n")
    for job in options.jobs:
        commands_of, title = jobs[job]
        fixed = interleave(commands_of, short, options.sides, 3, f"{job}-fixed")
        runs = interleave(commands_of, log, options.sides, options.rounds, job)
        result["jobs"][job] = {"runs": runs, "summary": summarise(runs, fixed)}
        print(table(title, result["jobs"][job]["summary"]))
        if job == "profile":
            print(sides_agree(sorted(options.sides)) + "\n")
    return result


def memory(options: argparse.Namespace) -> dict:
    """Peak memory of `collect` for objects of a quarter, a half and a whole gigabyte."""
    result = {"machine": machine(), "memory": {}}
    print("| object | " + " | ".join(f"{side} peak MiB" for side in options.sides) + " |")
    print("|---" * (len(options.sides) + 1) + "|")
    for rows in (GIGABYTE_ROWS // 4, GIGABYTE_ROWS // 2, GIGABYTE_ROWS):
        log = log_of(rows, twins=False)
        runs = interleave(Commands(options).collect, log, options.sides, 1, "memory")
        result["memory"][f"{log.stat().st_size / 1e6:.0f} MB"] = runs
        print(f"| {log.stat().st_size / 1e6:.0f} MB | " + " | ".join(f"{runs[side][0]['peak_mib']:.0f}" for side in options.sides) + " |")
    return result


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="how often each side runs (7)")
    parser.add_argument("--rows", type=int, default=ROWS, help=f"records in the log ({ROWS}: 573 MB)")
    parser.add_argument("--threads", default="0", help="threads of the peers; 0: as many as they like (0)")
    parser.add_argument("--jobs", nargs="+", default=["profile", "collect"], choices=["profile", "collect"])
    parser.add_argument("--sides", nargs="+", default=["Tidegate", "DuckDB", "Polars"], choices=["Tidegate", "DuckDB", "Polars"])
    parser.add_argument("--memory", action="store_true", help="instead: peak memory of collect up to a 1 GB object")
    parser.add_argument("--twins", action="store_true", help="also write the log as gzip, CSV and Parquet beside it")
    parser.add_argument("--tidegate", type=pathlib.Path, default=ROOT / "target/release/tidegate")
    parser.add_argument("--collector", type=pathlib.Path, default=ROOT / "target/release/examples/collect_bench")
    parser.add_argument("--json", type=pathlib.Path, help="also write every run here")
    return parser.parse_args()


def main() -> None:
    options = parse_options()
    enter_environment()
    result = memory(options) if options.memory else compare(options, log_of(options.rows, options.twins))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
