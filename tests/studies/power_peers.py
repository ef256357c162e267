"""The power study's restated rules beside the packages that they restate: do both say the same of the same samples?

    cargo run --release -p tidegate-studies -- power --seed 1 --samples samples.jsonl
    python3 tests/studies/power_peers.py samples.jsonl      # makes its environment below this folder on the first run

A sample is a line of JSON: `{"shape", "kind", "shift", "reference": [...], "window": [...], "said": {rule: whether it alarms}}`. Each package is called with
its defaults, as its documentation does, with the window as one chunk. The result is results/power-peers.md.
"""

import collections
import json
import os
import sys
import warnings

import environment

PINS = ["evidently==0.7.23", "nannyml==0.13.1", "statsmodels==0.15.0", "alibi-detect==0.13.0", "whylogs==1.6.4", "ipython==9.18.1", "deepchecks==0.19.1"]
PINS += ["scikit-learn==1.5.2", "pandas==2.3.3", "scipy==1.17.1"]  # what they can all be imported with
os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"  # NannyML would tell its makers that it runs
os.environ["DEEPCHECKS_ENABLE_ANALYTICS"] = "False"  # and so would deepchecks
SHOWN = 20


def tables(sample):
    """Reference and window as tables of one column."""
    import pandas

    return pandas.DataFrame({"x": sample["reference"]}), pandas.DataFrame({"x": sample["window"]})


def evidently(sample):
    from evidently.legacy.metrics import ColumnDriftMetric
    from evidently.legacy.pipeline.column_mapping import ColumnMapping
    from evidently.legacy.report import Report

    reference, window = tables(sample)
    columns = ColumnMapping(**{"numerical_features" if sample["kind"] == "numeric" else "categorical_features": ["x"]})
    report = Report(metrics=[ColumnDriftMetric(column_name="x")])
    report.run(reference_data=reference, current_data=window, column_mapping=columns)
    return report.as_dict()["metrics"][0]["result"]["drift_detected"]


def nannyml(sample):
    import nannyml
    from nannyml.chunk import CountBasedChunker

    reference, window = tables(sample)
    calculator = nannyml.UnivariateDriftCalculator(column_names=["x"], treat_as_categorical=["x"] if sample["kind"] == "categorical" else [])
    calculator.fit(reference)
    calculator.chunker = CountBasedChunker(chunk_number=1)  # its default would cut the window into ten as well
    found = calculator.calculate(window).filter(period="analysis").to_df()
    return bool(found[("x", "jensen_shannon", "alert")].iloc[0])


def alibi(sample):
    import numpy
    from alibi_detect.cd import ChiSquareDrift, KSDrift

    detector = KSDrift if sample["kind"] == "numeric" else ChiSquareDrift
    reference, window = (numpy.array(sample[side]).reshape(-1, 1) for side in ("reference", "window"))
    return bool(detector(reference, p_val=0.05).predict(window)["data"]["is_drift"])


def whylogs(sample):
    import whylogs
    from whylogs.viz.drift.column_drift_algorithms import calculate_drift_scores

    reference, window = (whylogs.log(table).view() for table in tables(sample))
    return calculate_drift_scores(window, reference, with_thresholds=True)["x"]["drift_category"] == "DRIFT"


def deepchecks(sample):
    from deepchecks.tabular import Dataset
    from deepchecks.tabular.checks import FeatureDrift

    names = ["x"] if sample["kind"] == "categorical" else []
    reference, window = (Dataset(table, cat_features=names) for table in tables(sample))
    result = FeatureDrift().add_condition_drift_score_less_than().run(reference, window)
    return not result.passed_conditions()


def azure(sample):
    """No package of its own: its published formula in scipy's functions."""
    import numpy
    from scipy.spatial.distance import jensenshannon
    from scipy.stats import wasserstein_distance

    reference, window = sample["reference"], sample["window"]
    if sample["kind"] == "numeric":
        return wasserstein_distance(reference, window) / numpy.std(reference, ddof=1) > 0.1
    before, now = collections.Counter(reference), collections.Counter(window)
    names = sorted(before | now)
    return jensenshannon([before[name] for name in names], [now[name] for name in names], base=2) > 0.1


PEERS = {
    "Evidently": ("evidently 0.7.23", evidently),
    "NannyML": ("nannyml 0.13.1", nannyml),
    "alibi-detect, KS Bonferroni": ("alibi-detect 0.13.0", alibi),
    "whylogs, KS p < .05": ("whylogs 1.6.4", whylogs),
    "deepchecks": ("deepchecks 0.19.1", deepchecks),
    "Azure ML": ("its formula in scipy 1.17.1", azure),
}


def place(sample) -> str:
    return f"{sample['shape']}, {len(sample['reference'])} reference rows, {len(sample['window'])} rows, shift {sample['shift']}"


def main() -> None:
    warnings.filterwarnings("ignore")
    agree, asked, apart = collections.Counter(), collections.Counter(), []
    for line in open(sys.argv[1]):
        sample = json.loads(line)
        for rule, (_, ask) in PEERS.items():
            real, restated = bool(ask(sample)), sample["said"][rule]
            key = (rule, sample["kind"])
            asked[key] += 1
            agree[key] += real == restated
            if real != restated:
                apart.append(f"- {rule}, {place(sample)}: the package says {'drift' if real else 'nothing'}")
    print("| rule | package | numeric: agree | categorical: agree |\n|---|---|---:|---:|")
    for rule, (package, _) in PEERS.items():
        counts = [f"{agree[rule, kind]} of {asked[rule, kind]}" for kind in ("numeric", "categorical")]
        print(f"| {rule} | {package} | {' | '.join(counts)} |")
    print("\n".join(["", *apart[:SHOWN]]))


if __name__ == "__main__":
    environment.enter("power", PINS, __file__)
    main()
