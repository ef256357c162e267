"""DuckDB's side: `duckdb_side.py profile|collect LOG TRAINING THREADS [OUT]`; THREADS 0 is its default."""

import pathlib
import sys

import duckdb

from measures import CATEGORICAL, NUMERIC, OUTPUTS, read_baseline, report

FEATURES = ", ".join(f"{name} DOUBLE" for name in NUMERIC if name not in OUTPUTS) + ", " + ", ".join(f"{name} VARCHAR" for name in CATEGORICAL if name not in OUTPUTS)
MOMENTS = ["count", "avg", "stddev_samp", "min", "max"]


def source(log: str, columns: str) -> str:
    """The log as a table with a given schema: the fastest way that DuckDB has, since it then guesses nothing."""
    return f"read_json('{log}', format = 'newline_delimited', ignore_errors = true, columns = {{{columns}}})"


def aggregates(baseline: dict, column) -> list:
    """Everything that is counted of every field, in one pass."""
    numeric = [f"{function}({column(name)})" for name in NUMERIC for function in MOMENTS] + [f"histogram({column(name)}, {baseline[name]['edges']})" for name in NUMERIC]
    return ["count(*)", *numeric, *(f"histogram({column(name)})" for name in CATEGORICAL)]


def window_of(row: tuple, baseline: dict) -> dict:
    """One row of aggregates by field."""
    window, place = {}, 1
    for name in NUMERIC:
        window[name] = dict(zip(["count", "mean", "std", "min", "max"], row[place : place + 5], strict=True))
        place += 5
    for name in NUMERIC:
        cells = row[place] or {}
        window[name]["counts"] = [cells.get(edge, 0) for edge in [*baseline[name]["edges"], float("inf")]]
        place += 1
    for name in CATEGORICAL:
        window[name] = {"counts": row[place] or {}}
        place += 1
    return window


def profile(database, log: str, baseline: dict) -> None:
    table = source(log, f"features: 'STRUCT({FEATURES})', score: 'DOUBLE', prediction: 'VARCHAR', latency_ms: 'DOUBLE'")
    wanted = aggregates(baseline, lambda name: name if name in OUTPUTS else f"features.{name}")
    row = database.execute(f"SELECT {', '.join(wanted)} FROM {table}").fetchall()[0]
    report(baseline, row[0], window_of(row, baseline))


def collect(database, log: str, baseline: dict, out: pathlib.Path) -> None:
    columns = f"timestamp: 'TIMESTAMPTZ', inference_id: 'VARCHAR', version: 'VARCHAR', latency_ms: 'DOUBLE', features: 'STRUCT({FEATURES})', score: 'DOUBLE', prediction: 'VARCHAR'"
    database.execute("SET TimeZone = 'UTC'")
    database.execute(
        "CREATE TEMP TABLE records AS SELECT timestamp, inference_id, version, latency_ms, unnest(features), score, prediction, "
        f"strftime(timestamp, '%Y-%m-%d') AS dt, strftime(timestamp, '%H') AS hour FROM {source(log, columns)}"
    )
    database.execute(f"COPY records TO '{out}/records' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (version, dt, hour))")
    wanted = aggregates(baseline, lambda name: name)
    database.execute(f"COPY (SELECT version, dt, hour, {', '.join(wanted)} FROM records GROUP BY ALL) TO '{out}/profiles.json' (FORMAT json)")
    print(database.execute("SELECT count(*) FROM records").fetchall()[0][0])


def main() -> None:
    job, log, training, threads, *out = sys.argv[1:]
    database = duckdb.connect()
    if threads != "0":
        database.execute(f"SET threads = {int(threads)}")
    baseline = read_baseline(pathlib.Path(training))
    if job == "profile":
        profile(database, log, baseline)
    elif job == "collect":
        collect(database, log, baseline, pathlib.Path(out[0]))


if __name__ == "__main__":
    main()
