"""The alert benchmark: the product's own `tidegate drift` on every window, scored beside other tools' defaults.

    python3 tests/studies/alerts.py --seeds 11 12 13        # makes its environment and its data below this folder on the first run

The benchmark (`alert_quality.py`) lies beside the project, in ../shared/alerts; without it the study says so and ends well. README.md says how
to read the result, which is written to results/alerts.md.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import venv

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BENCHMARK = ROOT.parent / "shared/alerts"
ENVIRONMENT = HERE / ".venv-alerts"
DATA = HERE / ".data"
# The benchmark's restatements of other tools' defaults; whylogs' needs its sketch as a package.
PEERS = [
    "evidently_default", "nannyml_default", "nannyml_default+dq", "nannyml_chunk_size_n", "sagemaker_robust", "sagemaker_robust+dq",
    "azure_ml_default", "deepchecks_default", "alibi_bonferroni", "psi>0.1", "psi>0.25", "ks_p<0.05_chi2", "ks_chi2_BH",
]
WHYLOGS = "whylogs_default"
DRIFT_EXIT_CODES = {0, 1, 3}  # 1: drift was found, 3: too few records to tell; neither is a failure of the run
GOALS = {"f1_at_2pct": (0.92, "at least"), "recall_detectable": (0.97, "at least"), "false_alarm_null": (0.001, "at most"),
         "false_alarm_wobble": (0.01, "at most"), "nuisance_negligible": (0.002, "at most")}


def enter_environment() -> None:
    """Goes on inside this study's own Python environment, made on the first run from the benchmark's own pins."""
    python = ENVIRONMENT / "bin/python"
    pins = (BENCHMARK / "requirements.txt").read_text()
    stamp = ENVIRONMENT / "pins.txt"
    if not stamp.exists() or stamp.read_text() != pins:
        print("making the Python environment", file=sys.stderr)
        venv.create(ENVIRONMENT, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", BENCHMARK / "requirements.txt"],
                       check=True)
        stamp.write_text(pins)
    if pathlib.Path(sys.prefix).resolve() != ENVIRONMENT.resolve():
        os.execv(python, [python, __file__, *sys.argv[1:]])


def benchmark(*arguments: object) -> None:
    subprocess.run([sys.executable, BENCHMARK / "alert_quality.py", *map(str, arguments)], check=True)


def contract_of(window: dict, folder: pathlib.Path) -> pathlib.Path:
    """The contract that a person would write for these columns: names and kinds, all else by default."""
    path = folder / "contract.yaml"
    if not path.exists():
        features = "".join(f"  - {{ name: {name}, type: {kind} }}\n" for name, kind in window["features"].items())
        path.write_text(f"model: alerts\ntask: binary\nfeatures:\n{features}")
    return path


def judge(tidegate: pathlib.Path, folder: pathlib.Path, window: dict) -> list[dict]:
    """One line per feature: whether it drifted, and by how many thresholds at least."""
    run = subprocess.run(
        [tidegate, "drift", "--json", "--contract", contract_of(window, folder), "--baseline", folder / window["reference"],
         "--current", folder / window["current"]], capture_output=True, text=True)
    if run.returncode not in DRIFT_EXIT_CODES:
        raise RuntimeError(f"{window['window']}: {run.stderr}")
    lines = []
    for field in json.loads(run.stdout)["fields"]:
        if field["name"] not in window["features"]:
            continue
        sizes = [abs(test["effect"]) / test["threshold"] for test in field["tests"] if test["threshold"] > 0 and test["p_adjusted"] <= 0.02]
        lines.append({"window": window["window"], "feature": field["name"], "alert": field["state"] == "drift", "score": max(sizes, default=0.0)})
    return lines


def score_seed(tidegate: pathlib.Path, seed: int, jobs: int, peers: bool) -> dict:
    """Generates a seed's windows, judges them, and scores everybody on every cut."""
    folder = DATA / f"seed-{seed}"
    if not (folder / "truth.json").exists():
        benchmark("generate", "--out", folder, "--seed", seed)
    windows = [json.loads(line) for line in (folder / "windows.jsonl").read_text().splitlines()]
    verdicts = folder / "verdicts"
    verdicts.mkdir(exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool, (verdicts / "tidegate.jsonl").open("w") as out:
        for lines in pool.map(lambda window: judge(tidegate, folder, window), windows):
            out.writelines(json.dumps(line) + "\n" for line in lines)
    if peers and not (verdicts / "azure_ml_default.jsonl").exists():
        names = PEERS + ([WHYLOGS] if has_whylogs() else [])
        benchmark("peers", "--out", folder, "--seed", seed, "--names", ",".join(names))
    return cuts(folder)


def has_whylogs() -> bool:
    return subprocess.run([sys.executable, "-c", "import whylogs_sketching"], capture_output=True).returncode == 0


def cuts(folder: pathlib.Path) -> dict:
    """Scores by cut and by rule."""
    sys.path.insert(0, str(BENCHMARK))
    import alert_quality

    truth = json.loads((folder / "truth.json").read_text())["truth"]
    rules = {path.stem: alert_quality.load_verdicts(path) for path in sorted((folder / "verdicts").glob("*.jsonl"))}

    def of(keep_window, keep_feature) -> dict:
        kept = {}
        for name, window in truth.items():
            if keep_window(window):
                features = {feature: facts for feature, facts in window["features"].items() if keep_feature(facts)}
                kept[name] = {**window, "features": features}
        return {rule: alert_quality.score(kept, verdicts) for rule, verdicts in rules.items()}

    always = lambda _: True
    known = lambda facts: facts["class"] != "drift" or facts["kind"] not in ("null_up", "all_null")
    plain = lambda facts: facts["class"] != "drift" or facts["kind"] in ("shift", "scale", "tilt", "reshape")
    iid = lambda window: window["regime"] == "iid"
    return {
        "all": of(always, always),
        "without missing-value incidents": of(always, known),
        "independent records only": of(iid, always),
        "n ≥ 5,000": of(lambda window: window["n"] >= 5_000, always),
        "n = 500": of(lambda window: window["n"] == 500, always),
        "n = 5,000": of(lambda window: window["n"] == 5_000, always),
        "n = 50,000": of(lambda window: window["n"] == 50_000, always),
        "home ground: independent, n ≥ 5,000, plain changes": of(lambda window: iid(window) and window["n"] >= 5_000, plain),
    }


def percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"


def table(seeds: dict[int, dict]) -> str:
    """The result as Markdown: the goals, every rule on all windows, the best other tool on every cut."""
    first = next(iter(seeds.values()))
    columns = ["false_alarm_null", "false_alarm_wobble", "nuisance_negligible", "clean_window_paged", "recall_detectable",
               "precision_at_2pct", "f1_at_2pct"]
    text = ["# The alert benchmark", "", f"Made by `python3 tests/studies/alerts.py --seeds {' '.join(map(str, seeds))}`; percentages.", ""]
    text += ["| seed | no change | ordinary variation | negligible | clean windows paged | recall | recall, n ≥ 5,000 | precision at 2 % | **F1 at 2 %** |",
             "|---|" + "---:|" * 8]
    for seed, result in seeds.items():
        own = result["all"]["tidegate"]["all"]
        large = result["n ≥ 5,000"]["tidegate"]["all"]["recall_detectable"]
        cells = [percent(own[column]) for column in columns]
        cells.insert(5, percent(large))
        text.append(f"| {seed} | " + " | ".join(cells[:-1]) + f" | **{cells[-1]}** |")
    seed = next(iter(seeds))
    text += ["", f"## Everybody's defaults on seed {seed}", "",
             "| rule | no change | ordinary variation | negligible | clean windows paged | recall | precision at 2 % | **F1 at 2 %** |",
             "|---|" + "---:|" * 7]
    for rule, result in sorted(first["all"].items(), key=lambda item: -(item[1]["all"]["f1_at_2pct"] or 0)):
        text.append(f"| {rule} | " + " | ".join(percent(result["all"][column]) for column in columns) + " |")
    text += ["", "## F1 at 2 % on every cut, against the best of the others", "",
             "| cut | " + " | ".join(f"seed {seed}" for seed in seeds) + " |", "|---|" + "---|" * len(seeds)]
    for cut in first:
        cells = []
        for result in seeds.values():
            scores = {rule: scored["all"].get("f1_at_2pct") or 0 for rule, scored in result[cut].items()}
            others = {rule: score for rule, score in scores.items() if rule != "tidegate"}
            best = max(others, key=others.get, default=None)
            cells.append(percent(scores["tidegate"]) + (f" (best other {percent(others[best])}, {best})" if best else ""))
        text.append(f"| {cut} | " + " | ".join(cells) + " |")
    text += ["", "## Recall by kind of change", "", "| kind | " + " | ".join(f"seed {seed}" for seed in seeds) + " |", "|---|" + "---:|" * len(seeds)]
    kinds = sorted({kind for result in seeds.values() for kind in result["all"]["tidegate"]["recall_by_kind"]})
    for kind in kinds:
        of = [result["all"]["tidegate"]["recall_by_kind"].get(kind) for result in seeds.values()]
        text.append(f"| {kind} | " + " | ".join(f"{100 * found[0]:.0f} of {found[1]}" if found else "–" for found in of) + " |")
    return "\n".join(text) + "\n"


def missed(seeds: dict[int, dict]) -> list[str]:
    """The goals that were not reached."""
    faults = []
    for seed, result in seeds.items():
        own = result["all"]["tidegate"]["all"]
        for measure, (goal, sense) in GOALS.items():
            if (own[measure] < goal) if sense == "at least" else (own[measure] > goal):
                faults.append(f"seed {seed}: {measure} is {percent(own[measure])}, {sense} {percent(goal)} was the goal")
        large = result["n ≥ 5,000"]["tidegate"]["all"]["recall_detectable"]
        if large < 0.99:
            faults.append(f"seed {seed}: recall at n ≥ 5,000 is {percent(large)}, at least 99.0 was the goal")
        for cut, scores in result.items():
            own_score = scores["tidegate"]["all"].get("f1_at_2pct") or 0
            faults += [f"seed {seed}, {cut}: {rule} is better" for rule, scored in scores.items()
                       if (scored["all"].get("f1_at_2pct") or 0) > own_score]
    return faults


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 12, 13])
    parser.add_argument("--tidegate", type=pathlib.Path, default=ROOT / "target/release/tidegate", help="the command to try; built when it is absent")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--no-peers", action="store_true", help="leave the other tools out, for a quick look")
    parser.add_argument("--out", type=pathlib.Path, help="where the table is written [default: results/alerts.md; with --no-peers: nowhere]")
    options = parser.parse_args()
    if not BENCHMARK.is_dir():
        print(f"skipped: the alert benchmark is not beside the project ({BENCHMARK})")
        return
    enter_environment()
    if not options.tidegate.exists():
        subprocess.run(["cargo", "build", "--release", "-p", "tidegate"], cwd=ROOT, check=True)
    seeds = {seed: score_seed(options.tidegate, seed, options.jobs, not options.no_peers) for seed in options.seeds}
    text = table(seeds)
    out = options.out or (None if options.no_peers else HERE / "results/alerts.md")
    if out:
        out.parent.mkdir(exist_ok=True)
        out.write_text(text)
    print(text)
    faults = missed(seeds)
    print("\n".join(faults) if faults else "every goal was reached")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
