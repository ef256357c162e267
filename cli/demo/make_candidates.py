"""Makes the demo's candidates: four models trained on January, as ONNX files, the flights of August that they are judged by, and those
of September on which the champion and its successor are looked at afterwards.

    .venv/bin/pip install -r requirements-candidates.txt && .venv/bin/python make_candidates.py

README.md says which is which. As make.py: no clock, no network, one fixed seed.
"""

import json
import pathlib

import make  # sets the number of threads first
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HERE = pathlib.Path(__file__).parent / "candidates"
EVALUATION = ("2013-08-01", "2013-08-15")  # whole days, UTC
AFTERWARDS = ("2013-09-01", "2013-09-15")
RUNS = {
    "plain": "logistic regression on the numbers alone",
    "trees": "gradient-boosted trees, 60 of 15 leaves",
    "trees-again": "the same trees, grown from another draw of half the flights each",
    "no-delay": "the trees without the departure delay",
}


def pipeline(run: str):
    numbers = [name for name in make.NUMERIC if run != "no-delay" or name != "dep_delay"]
    encoded = ("names", OneHotEncoder(handle_unknown="ignore", sparse_output=False), make.CATEGORICAL)
    if run == "plain":
        columns = [("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers)]
        return make_pipeline(ColumnTransformer(columns), LogisticRegression(C=0.3, tol=1e-8, max_iter=5000))
    trees = GradientBoostingClassifier(n_estimators=60, max_leaf_nodes=15, max_depth=None, learning_rate=0.1,
                                       subsample=0.5 if run == "trees-again" else 1.0, random_state=make.SEED)
    return make_pipeline(ColumnTransformer([("numbers", SimpleImputer(strategy="median"), numbers), encoded]), trees)


def typed(flights: pd.DataFrame) -> pd.DataFrame:
    table = flights[make.FEATURES].copy()
    table[make.NUMERIC] = table[make.NUMERIC].astype("float32")
    return table


def outcome(flights: pd.DataFrame) -> pd.Series:
    return flights["late"].map({True: "late", False: "on-time"})


def write_evaluation(flights: pd.DataFrame, name: str) -> None:
    columns = {"inference_id": pa.array(flights["inference_id"], pa.string()),
               "timestamp": pa.array(flights["timestamp"].dt.as_unit("ms"), pa.timestamp("ms", "UTC"))}
    for column in make.FEATURES:
        kind = pa.string() if column in make.CATEGORICAL else pa.int32() if column in make.WHOLE else pa.float64()
        columns[column] = pa.array([None if pd.isna(value) else value for value in flights[column]], kind)
    columns["outcome"] = pa.array(outcome(flights), pa.string())
    pq.write_table(pa.table(columns), HERE / f"{name}.parquet", compression="zstd", compression_level=19, row_group_size=8192)


def main() -> None:
    HERE.mkdir(exist_ok=True)
    flights = make.flights_with_features()
    january, august = make.between(flights, make.TRAINING), make.between(flights, EVALUATION)
    write_evaluation(august, "august")
    write_evaluation(make.between(flights, AFTERWARDS), "september")
    inputs = [(name, FloatTensorType([None, 1]) if name in make.NUMERIC else StringTensorType([None, 1])) for name in make.FEATURES]
    for run, words in RUNS.items():
        model = pipeline(run).fit(typed(january), outcome(january))
        unread = {"plain": make.CATEGORICAL, "no-delay": ["dep_delay"]}.get(run, [])
        known = [(name, kind) for name, kind in inputs if name not in unread]
        onnx = to_onnx(model, initial_types=known, options={"zipmap": False})
        (HERE / f"{run}.onnx").write_bytes(onnx.SerializeToString())
        score = model.predict_proba(typed(august))[:, list(model.classes_).index("late")]
        print(json.dumps({"run": run, "what": words, "roc_auc": round(roc_auc_score(august["late"], score), 4),
                          "bytes": (HERE / f"{run}.onnx").stat().st_size, "rows": len(august)}))


if __name__ == "__main__":
    main()
