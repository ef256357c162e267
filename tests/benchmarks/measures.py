"""What is measured on both peers' sides: the fields, the baseline's edges, and the population stability index of a window."""

import json
import pathlib

import numpy as np
import pyarrow.parquet

NUMERIC = ["dep_delay", "distance", "sched_duration", "sched_hour", "plane_age", "temp", "wind_speed", "precip", "visibility", "score"]
CATEGORICAL = ["carrier", "origin", "dest", "prediction"]
OUTPUTS = ["score", "prediction"]  # at the top of a record; everything else lies inside `features`
CELLS = 256


def read_baseline(path: pathlib.Path) -> dict:
    """Per field of the training set: its edges (none for categories) and its counts, cells closed on the right."""
    table = pyarrow.parquet.read_table(path)
    baseline = {}
    for name in NUMERIC:
        values = table[name].drop_null().to_numpy().astype(float)
        edges = np.unique(np.quantile(values, np.linspace(0, 1, CELLS + 1)[1:-1]))
        baseline[name] = {"edges": edges.tolist(), "counts": np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1).tolist()}
    for name in CATEGORICAL:
        values, counts = np.unique(table[name].drop_null().to_numpy(zero_copy_only=False).astype(str), return_counts=True)
        baseline[name] = {"counts": dict(zip(values.tolist(), counts.tolist(), strict=True))}
    return baseline


def stability(baseline: dict, window: dict) -> dict:
    """Population stability index per field, shares (c + ½) / (N + ½B) so that an empty cell costs something finite."""
    result = {}
    for name, reference in baseline.items():
        before, after = reference["counts"], window[name]["counts"]
        if isinstance(before, dict):
            values = sorted(set(before) | set(after))
            before, after = [before.get(value, 0) for value in values], [after.get(value, 0) for value in values]
        p, q = (np.asarray(counts, dtype=float) for counts in (before, after))
        p, q = (p + 0.5) / (p.sum() + 0.5 * len(p)), (q + 0.5) / (q.sum() + 0.5 * len(q))
        result[name] = float(((q - p) * np.log(q / p)).sum())
    return result


def report(baseline: dict, rows: int, window: dict) -> None:
    """Prints what a peer found, for run.py to hold beside the others."""
    summary = {name: {key: value for key, value in facts.items() if key != "counts"} for name, facts in window.items()}
    for name, index in stability(baseline, window).items():
        summary[name]["psi"] = index
    print(json.dumps({"rows": rows, "fields": summary}))
