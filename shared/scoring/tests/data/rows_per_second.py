"""Trains a forest of 200 trees, writes it to a file, and measures ONNX Runtime on one thread, as examples/rows_per_second.rs measures us.

    python rows_per_second.py FILE.onnx
"""

import sys
import time

import numpy
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.ensemble import RandomForestClassifier

FEATURES, ROWS, SINGLE_ROWS = 20, 100_000, 5_000


def main():
    chance = numpy.random.default_rng(1)
    x = chance.normal(size=(4000, FEATURES)).astype(numpy.float32)
    forest = RandomForestClassifier(200, max_depth=8, random_state=1).fit(x, x[:, 0] + x[:, 1] * x[:, 2] + chance.normal(size=4000) > 0)
    forest.classes_ = numpy.array([0, 1])
    onnx = to_onnx(forest, initial_types=[("x", FloatTensorType([None, FEATURES]))], options={"zipmap": False}, target_opset={"": 15, "ai.onnx.ml": 3})
    with open(sys.argv[1], "wb") as file:
        file.write(onnx.SerializeToString())
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(onnx.SerializeToString(), options, providers=["CPUExecutionProvider"])
    places = numpy.arange(ROWS)[:, None] * 31 + numpy.arange(FEATURES)[None, :] * 7
    rows = ((numpy.modf(places * 0.618033988749895)[0] - 0.5) * 6).astype(numpy.float32)
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        for place in range(0, ROWS, 1024):
            session.run(None, {"x": rows[place : place + 1024]})
        best = min(best, time.perf_counter() - start)
    print(f"ONNX Runtime {onnxruntime.__version__}: {ROWS / best:.0f} rows per second (the best of three times {ROWS} rows)")
    times = []
    for row in range(SINGLE_ROWS):
        start = time.perf_counter()
        session.run(None, {"x": rows[row : row + 1]})
        times.append(time.perf_counter() - start)
    times.sort()
    print(f"one row: p50 {times[len(times) // 2] * 1e6:.1f} µs, p99 {times[len(times) * 99 // 100] * 1e6:.1f} µs, Python's call among it")


if __name__ == "__main__":
    main()
