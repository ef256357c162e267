"""The demo's data: real flights of 2013, put into an account as a team and its application would."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

DEMO = Path(__file__).resolve().parent.parent.parent / "cli" / "demo"
MODEL = "flight-delay"
EVALUATION = f"evaluations/{MODEL}/2013-august.parquet"


def put(account, bucket, key, body):
    account.client("s3").put_object(Bucket=account.outputs[bucket], Key=key, Body=body)


def contract(account, model=MODEL):
    text = (DEMO / "flight-delay.yaml").read_text(encoding="utf-8")
    put(account, "ModelsBucketName", f"contracts/{model}.yaml", text.replace(f"model: {MODEL}", f"model: {model}").encode())


def training_set(account, model=MODEL):
    put(account, "ModelsBucketName", f"datasets/{model}/2013-january.parquet", (DEMO / "training.parquet").read_bytes())


def logs(account, first, last):
    """Puts the scoring logs of the days from `first` to `last` (`07/08`); the number of objects."""
    objects = json.loads((DEMO / "manifest.json").read_text(encoding="utf-8"))["objects"]
    chosen = [entry for entry in objects if first <= entry["key"].removeprefix(f"{MODEL}/2013/")[:5] <= last]
    _all(account, [(entry["key"], DEMO / entry.get("path", f"logs/{entry['key']}")) for entry in chosen])
    return len(chosen)


def truth(account, first, last):
    """Puts what became of the flights, as it was known on those days; the number of objects."""
    files = [path for path in sorted((DEMO / "truth").rglob("*.jsonl.gz")) if first <= f"{path.parent.name}/{path.name[:2]}" <= last]
    _all(account, [(f"{MODEL}/truth/{path.relative_to(DEMO / 'truth' / MODEL)}", path) for path in files])
    return len(files)


def candidate(account, run, training):
    """Submits a candidate: the evaluation set and the model first, the manifest last."""
    folder = f"candidates/{MODEL}/{run}"
    manifest = {
        "format": "tidegate.candidate/1",
        "model": MODEL,
        "run": run,
        "submitted_by": "ana@example.com",
        "artifact": [{"file": "model.onnx"}],
        "training_set": training,
        "evaluation": {"key": EVALUATION, "actual": "outcome"},
    }
    put(account, "ModelsBucketName", EVALUATION, (DEMO / "candidates" / "august.parquet").read_bytes())
    put(account, "ModelsBucketName", f"{folder}/model.onnx", (DEMO / "candidates" / f"{run}.onnx").read_bytes())
    put(account, "ModelsBucketName", f"{folder}/manifest.json", json.dumps(manifest))


def _all(account, objects):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda entry: put(account, "LogsBucketName", entry[0], entry[1].read_bytes()), objects))
