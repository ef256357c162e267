"""Quality estimated before the truth is in: `tidegate performance` beside the published method, on the same predictions.

    cargo build --release -p tidegate
    python3 tests/studies/estimates.py target/release/tidegate      # makes its environment (NannyML) below this folder on the first run

Three data sets: NannyML's own two (car loans, and three classes of credit cards), and the demo's flights. Both tools are given the same reference, and then
predictions without truth, window by window; afterwards the truth says who was right. NannyML is called as its documentation does. The result is
results/estimates.md.
"""

import csv
import glob
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import environment

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PINS = ["nannyml==0.13.1", "statsmodels==0.15.0", "pandas==3.1.1", "scikit-learn==1.9.1"]
os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"  # NannyML would tell its makers that it runs
BINARY = ["roc_auc", "accuracy", "precision", "recall", "f1"]
CHUNK = 5000
ENDS_WELL = {0, 1, 3}  # 1: quality fell, 3: too little truth to tell


def hours(table, first):
    """Each chunk in an hour of its own, its rows a few milliseconds apart."""
    import pandas

    place = pandas.Series(range(len(table)), index=table.index)
    offset = pandas.to_timedelta(place // CHUNK, unit="h") + pandas.to_timedelta(place % CHUNK, unit="ms")
    return table.assign(timestamp=pandas.Timestamp(first) + offset)


def loans():
    import nannyml

    reference, analysis, target = nannyml.load_synthetic_car_loan_dataset()
    join = lambda table: table.rename(columns={"y_pred_proba": "score", "y_pred": "prediction", "repaid": "actual"})
    analysis = join(analysis.reset_index(drop=True).assign(repaid=target["repaid"].to_numpy()))
    return "car loans", "binary", "1", join(hours(reference.reset_index(drop=True), "2020-01-01")), hours(analysis, "2020-02-01"), "1h"


def cards():
    import nannyml

    reference, analysis, target = nannyml.load_synthetic_multiclass_classification_dataset()
    analysis = analysis.reset_index(drop=True).assign(y_true=target["y_true"].to_numpy())
    probabilities = [name for name in reference.columns if name.startswith("y_pred_proba_")]

    def join(table):
        return table.assign(score=table[probabilities].max(axis=1)).rename(columns={"y_pred": "prediction", "y_true": "actual"})

    return "credit cards", "multiclass", None, join(hours(reference, "2020-01-01")), join(hours(analysis, "2020-02-01")), "1h"


def flights():
    import pandas

    def lines(pattern):
        for path in sorted(glob.glob(str(ROOT / "cli/demo" / pattern), recursive=True)):
            for line in gzip.open(path, "rt", errors="replace"):
                try:
                    yield json.loads(line)
                except ValueError:
                    continue  # the dirt of the demo's logs

    truth = {}
    for outcome in lines("truth/**/*.jsonl.gz"):
        if outcome["inference_id"] not in truth or truth[outcome["inference_id"]][0] <= outcome["time"]:
            truth[outcome["inference_id"]] = (outcome["time"], outcome["actual"])
    rows = {record["inference_id"]: record for record in lines("logs/**/*.jsonl.gz") if "inference_id" in record}
    table = pandas.DataFrame(
        {"timestamp": record["timestamp"], "score": record["score"], "prediction": int(record["prediction"] == "late"), "actual": int(truth[name][1] == "late")}
        for name, record in rows.items()
        if name in truth
    )
    table["timestamp"] = pandas.to_datetime(table["timestamp"]).dt.tz_localize(None)
    table = table.sort_values("timestamp", kind="stable").reset_index(drop=True)
    return "flights", "binary", "1", table[table["timestamp"] < "2013-03-01"], table[table["timestamp"] >= "2013-07-01"].reset_index(drop=True), "1d"


def published(task, reference, analysis, window):
    """NannyML's estimate of each metric and window: estimate, what was realised, and its confidence band."""
    import nannyml

    metrics = BINARY if task == "binary" else ["accuracy"]
    scores = "score" if task == "binary" else {name.removeprefix("y_pred_proba_"): name for name in reference.columns if name.startswith("y_pred_proba_")}
    common = {"y_pred_proba": scores, "y_pred": "prediction", "y_true": "actual", "timestamp_column_name": "timestamp", "metrics": metrics}
    common |= {"problem_type": "classification_binary" if task == "binary" else "classification_multiclass", "chunk_period": window[-1].upper() if window == "1d" else "h"}
    estimator = nannyml.CBPE(**common)
    estimator.fit(reference)
    found = estimator.estimate(analysis.drop(columns="actual")).filter(period="analysis").to_df()
    calculator = nannyml.PerformanceCalculator(**common)
    calculator.fit(reference)
    realised = calculator.calculate(analysis).filter(period="analysis").to_df()
    of = lambda table, metric, part: table[(metric, part)].astype(float).tolist()
    return {
        metric: list(zip(of(found, metric, "value"), of(realised, metric, "value"), of(found, metric, "lower_confidence_boundary"), of(found, metric, "upper_confidence_boundary")))
        for metric in metrics
    }


def write(path, table, with_truth, first):
    columns = ["score", "prediction"] + (["actual"] if with_truth else [])
    with open(path, "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["inference_id", "timestamp", "x", *columns])
        for place, row in enumerate(table.itertuples()):
            out.writerow([first + place, f"{row.timestamp:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z", 0, *(getattr(row, name) for name in columns)])


def ours(tidegate, task, positive, reference, analysis, window):
    """Tidegate's estimates without any truth, the same once the first windows' truth is in, and what was realised."""
    result = {}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write(folder / "reference.csv", reference, True, 0)
        write(folder / "predictions.csv", analysis, False, 1_000_000)
        (folder / "none.csv").write_text("inference_id,actual,time\nnobody,1,2013-01-01T00:00:00Z\n")
        with open(folder / "truth.csv", "w") as file:
            file.write("inference_id,actual,time\n")
            for place, row in enumerate(analysis.itertuples()):
                file.write(f"{1_000_000 + place},{row.actual},{row.timestamp:%Y-%m-%dT%H:%M:%SZ}\n")
        for metric in BINARY if task == "binary" else ["accuracy"]:
            validation = f"primary: {metric}" + (f", positive: '{positive}'" if positive else "")
            contract = f"model: study\ntask: {task}\nfeatures: [{{ name: x, type: numeric }}]\nvalidation: {{ {validation} }}\n"
            (folder / "contract.yaml").write_text(contract)
            trails = []
            for truth in ["none.csv", "truth.csv"]:
                command = [tidegate, "performance", "--contract", "contract.yaml", "--predictions", "predictions.csv", "--truth", truth]
                command += ["--evaluation", "reference.csv", "--window", window, "--json"]
                done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
                if done.returncode not in ENDS_WELL:
                    sys.exit(done.stderr)
                trails.append((json.loads(done.stdout)["estimated"]["basis"], json.loads(done.stdout)["trail"]))
            (_, before), (basis, after) = trails
            result[metric] = (before, after, basis)
    return result


def summary(rows):
    """Mean distance of estimate and truth, and how often the truth lay in the interval: of (estimate, truth, low, high)."""
    known = [row for row in rows if all(value is not None and value == value for value in row)]
    off = sum(abs(estimate - truth) for estimate, truth, _, _ in known) / len(known)
    within = sum(low <= truth <= high for _, truth, low, high in known)
    width = sum(high - low for _, _, low, high in known) / len(known)
    return off, within, len(known), width


def main() -> None:
    tidegate = str(pathlib.Path(sys.argv[1]).resolve())
    print("| data | metric | windows | realised apart | NannyML: off by | in its band | band | Tidegate, no truth yet: off by | in its interval | interval | from window 8 on, with truth: off by | in its interval | interval |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for name, task, positive, reference, analysis, window in [loans(), cards(), flights()]:
        theirs, own = published(task, reference, analysis, window), ours(tidegate, task, positive, reference, analysis, window)
        for metric, rows in theirs.items():
            before, after, basis = own[metric]
            apart = max(abs(point["value"] - row[1]) for point, row in zip(after, rows))
            promised = lambda points, truths: [(p["estimated"], t["value"], *p["estimated_interval"]) for p, t in zip(points, truths)]
            cells = [summary(rows), summary(promised(before, after)), summary(promised(after[7:], after[7:])) if len(after) > 7 else None]
            said = [f"{off:.4f} | {within} of {count} | {width:.3f}" for off, within, count, width in filter(None, cells)]
            said += ["– | – | –"] * (3 - len(said))
            print(f"| {name} | {metric} | {len(rows)} | {apart:.1e} | {' | '.join(said)} |")


if __name__ == "__main__":
    environment.enter("estimates", PINS, __file__)
    main()
