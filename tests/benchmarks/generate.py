"""Makes the benchmark's files: a scoring log of records drawn from the demo's real July, and its twins.

`generate.py DEMO FOLDER ROWS [twins]` prints the log's path.
"""

import gzip
import pathlib
import shutil
import sys

import numpy as np
import polars as pl

SEED = 573
DAY_MICROSECONDS = 86_400_000_000
START_OF_DAY = 1_372_636_800_000_000  # 2013-07-01T00:00:00Z


def july(demo: pathlib.Path) -> pl.DataFrame:
    """The demo's good records of July. They are read as bytes of lines, since a few of them are broken on purpose."""
    lines = []
    for path in sorted((demo / "logs/flight-delay/2013/07").rglob("*.jsonl.gz")):
        lines += [line for line in gzip.decompress(path.read_bytes()).splitlines() if line.startswith(b"{")]
    return pl.read_ndjson(b"\n".join(lines))


def draw(source: pl.DataFrame, rows: int, seed: int) -> pl.DataFrame:
    """`rows` records spread over one day: real feature rows drawn with replacement, each with its own identifier, latency and score."""
    random = np.random.default_rng(seed)
    picked = source[random.integers(0, len(source), rows)]
    times = np.sort(random.integers(0, DAY_MICROSECONDS, rows)) + START_OF_DAY
    identifiers = random.integers(0, 2**63, rows)
    score = np.clip(picked["score"].to_numpy() + random.normal(0, 0.01, rows), 0, 1).round(6)
    return picked.select(
        pl.from_epoch(pl.Series("timestamp", times), "us").dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ"),
        pl.Series("inference_id", identifiers).map_elements(lambda number: f"{number:016x}", pl.String),
        "version",
        pl.Series("latency_ms", random.lognormal(2.3, 0.35, rows).round(2)),
        "features",
        pl.Series("score", score),
        pl.when(pl.Series(score) >= 0.5).then(pl.lit("late")).otherwise(pl.lit("on-time")).alias("prediction"),
    )


def make(demo: pathlib.Path, data: pathlib.Path, rows: int, twins: bool) -> pathlib.Path:
    """Writes `log-<rows>.jsonl` once, and if wanted the same records as gzip, zstd, CSV and Parquet. Returns the JSONL path."""
    data.mkdir(parents=True, exist_ok=True)
    log = data / f"log-{rows}.jsonl"
    chunk = 500_000
    if not log.exists():
        source = july(demo)
        part = log.with_suffix(".part")
        with part.open("wb") as out:
            for number, first in enumerate(range(0, rows, chunk)):
                draw(source, min(chunk, rows - first), SEED + number).write_ndjson(out)
        part.rename(log)
    if twins:
        make_twins(log)
    return log


def make_twins(log: pathlib.Path) -> None:
    """The same records in the other formats that `collect` reads."""
    packed = log.with_suffix(".jsonl.gz")
    if not packed.exists():
        with log.open("rb") as plain, gzip.open(packed, "wb", compresslevel=6) as out:
            shutil.copyfileobj(plain, out, 1 << 20)
    flat = log.with_suffix(".csv")
    if not flat.exists():
        pl.read_ndjson(log).unnest("features").write_csv(flat)
    columns = log.with_suffix(".parquet")
    if not columns.exists():
        pl.read_ndjson(log).write_parquet(columns, compression="zstd")


if __name__ == "__main__":
    demo, folder, rows, *rest = sys.argv[1:]
    print(make(pathlib.Path(demo), pathlib.Path(folder), int(rows), "twins" in rest))
