"""Makes the golden models of this folder: an ONNX file and a JSON file each.

    python3 -m venv venv && venv/bin/pip install -r requirements.txt && venv/bin/python make.py [FOLDER]

Every model is trained on the same seeded rows, exported by its library's own converter, and asked about the same other rows. The JSON file
has those rows, the answers of the library that trained the model ("original") and those of ONNX Runtime ("runtime").
"""

import json
import pathlib
import sys
import warnings

import lightgbm
import numpy
import onnx.helper
import onnxmltools
import onnxruntime
import pandas
import skl2onnx
import sklearn
import xgboost
from onnxmltools import convert_lightgbm, convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType as MltoolsFloats
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (AdaBoostClassifier, ExtraTreesClassifier, GradientBoostingClassifier, GradientBoostingRegressor,
                              HistGradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestClassifier,
                              RandomForestRegressor, VotingClassifier)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import ElasticNet, LinearRegression, LogisticRegression, SGDClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (MaxAbsScaler, MinMaxScaler, Normalizer, OneHotEncoder, OrdinalEncoder, PolynomialFeatures, QuantileTransformer, RobustScaler,
                                   StandardScaler, TargetEncoder)
from sklearn.tree import DecisionTreeClassifier

warnings.filterwarnings("ignore")


def plain_attribute(key, value, *rest, make=onnx.helper.make_attribute, **more):
    """skl2onnx 1.20 hands the unsigned numbers of HistGradientBoosting's trees on, and onnx refuses them."""
    if isinstance(value, list):
        value = [int(item) if isinstance(item, (bool, numpy.bool_, numpy.integer)) else item for item in value]
    return make(key, value, *rest, **more)


onnx.helper.make_attribute = plain_attribute
FOLDER = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
NUMBERS = ["distance", "departure_hour", "temperature", "load"]
NAMES = ["carrier", "weather"]
TRAINING_ROWS, GOLDEN_ROWS = 600, 40
OPSET = {"": 15, "ai.onnx.ml": 3}


def rows(count, seed):
    """Flights. All numbers are exact in 32 bits, so that both sides are asked the same."""
    chance = numpy.random.default_rng(seed)
    frame = pandas.DataFrame({
        "distance": chance.gamma(2.0, 400.0, count),
        "departure_hour": chance.integers(0, 24, count).astype(float),
        "temperature": chance.normal(15.0, 9.0, count),
        "load": chance.uniform(0.3, 1.0, count),
        "carrier": chance.choice(["AA", "DL", "UA", "WN"], count),
        "weather": chance.choice(["clear", "rain", "snow"], count, p=[0.7, 0.2, 0.1]),
    })
    frame[NUMBERS] = frame[NUMBERS].astype(numpy.float32)
    logit = (frame["departure_hour"] - 12) / 6 + frame["weather"].map({"clear": -1, "rain": 0.5, "snow": 2}) + (frame["carrier"] == "WN") * 0.8
    noise = chance.logistic(0, 1, count)
    late = (logit + noise > 0).astype(int)
    reason = numpy.where(late == 0, "none", numpy.where(frame["weather"] == "snow", "weather", "carrier"))
    minutes = 12 * logit + 0.01 * frame["distance"] + 5 * noise
    return frame, late.to_numpy(), reason, minutes.to_numpy()


def with_holes(frame, seed):
    """The same rows, one number in eight missing."""
    holes = numpy.random.default_rng(seed).random(frame[NUMBERS].shape) < 0.125
    frame = frame.copy()
    frame[NUMBERS] = frame[NUMBERS].mask(holes)
    return frame


X, LATE, REASON, MINUTES = rows(TRAINING_ROWS, 7)
GOLDEN = rows(GOLDEN_ROWS, 8)[0]
HOLED, HOLED_GOLDEN = with_holes(X, 9), with_holes(GOLDEN, 10)
ONE_TENSOR = [("x", FloatTensorType([None, len(NUMBERS)]))]
ONE_EACH = [(name, FloatTensorType([None, 1])) for name in NUMBERS] + [(name, StringTensorType([None, 1])) for name in NAMES]


def plain(values):
    """Numbers and names as JSON has them: NaN is null."""
    if isinstance(values, (list, tuple, numpy.ndarray)):
        return [plain(value) for value in values]
    if isinstance(values, (float, numpy.floating)):
        return None if numpy.isnan(values) else float(values)
    if isinstance(values, (int, numpy.integer)):
        return int(values)
    return str(values)


def save(name, onnx, frame, task, original, features, versions):
    (FOLDER / f"{name}.onnx").write_bytes(onnx.SerializeToString())
    session = onnxruntime.InferenceSession(onnx.SerializeToString(), providers=["CPUExecutionProvider"])
    inputs = session.get_inputs()
    if len(inputs) == 1:
        feed = {inputs[0].name: frame[features].to_numpy(dtype=numpy.float32)}
    else:
        kinds = {"tensor(string)": object, "tensor(float)": numpy.float32, "tensor(int64)": numpy.int64, "tensor(double)": numpy.float64}
        feed = {i.name: frame[[i.name]].to_numpy().astype(kinds[i.type]) for i in inputs}
    answers = session.run(None, feed)
    runtime = {}
    if task == "regression":
        runtime["values"] = plain(numpy.ravel(answers[0]))
    else:
        runtime["labels"] = [str(label) for label in answers[0]]
        scores = answers[1]
        runtime["probabilities"] = plain([list(row.values()) for row in scores] if isinstance(scores, list) else scores)
    golden = {"task": task, "from": versions, "operators": sorted({node.op_type for node in onnx.graph.node}),
              "features": [{"name": f, "kind": "categorical" if f in NAMES else "numeric"} for f in features],
              "columns": {f: plain(frame[f].to_numpy()) for f in features}, "original": original, "runtime": runtime}
    (FOLDER / f"{name}.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
    print(f"{name}: {len(onnx.SerializeToString())} bytes, {', '.join(golden['operators'])}")


def answers_of(model, task, asked):
    if task == "regression":
        return {"values": plain(numpy.ravel(model.predict(asked)))}
    answers = {"labels": [str(label) for label in model.predict(asked)], "classes": [str(c) for c in model.classes_]}
    if hasattr(model, "predict_proba"):
        answers["probabilities"] = plain(model.predict_proba(asked))
    return answers


def from_sklearn(name, model, target, task, *, named=False, holes=False, zipmap=True):
    features = NUMBERS + NAMES if named else NUMBERS
    training, golden = (HOLED, HOLED_GOLDEN) if holes else (X, GOLDEN)
    fitted = model.fit(training[features] if named else training[features].to_numpy(), target)
    options = {} if task == "regression" or not hasattr(model, "predict_proba") else {"zipmap": zipmap}
    onnx = to_onnx(fitted, initial_types=ONE_EACH if named else ONE_TENSOR, options=options or None, target_opset=OPSET)
    asked = golden[features] if named else golden[features].to_numpy()
    save(name, onnx, golden, task, answers_of(fitted, task, asked), features, f"scikit-learn {sklearn.__version__}, skl2onnx {skl2onnx.__version__}")


def columns(numbers):
    return ColumnTransformer([("numbers", numbers, NUMBERS), ("names", OneHotEncoder(handle_unknown="ignore"), NAMES)])


def from_boosters():
    tail = f", onnxmltools {onnxmltools.__version__}"
    floats = [("x", MltoolsFloats([None, len(NUMBERS)]))]
    codes = numpy.unique(REASON, return_inverse=True)[1]
    small = {"n_estimators": 12, "max_depth": 4}
    asked, golden = HOLED[NUMBERS].to_numpy(), HOLED_GOLDEN[NUMBERS].to_numpy()
    for name, model, target, task in [
        ("xgboost_binary", xgboost.XGBClassifier(**small, random_state=1), LATE, "binary"),
        ("xgboost_multiclass", xgboost.XGBClassifier(**small, random_state=1), codes, "multiclass"),
        ("xgboost_poisson", xgboost.XGBRegressor(**small, objective="count:poisson", random_state=1), abs(MINUTES), "regression"),
        ("xgboost_regression", xgboost.XGBRegressor(**small, random_state=1), MINUTES, "regression"),
    ]:
        fitted = model.fit(asked, target)
        save(name, convert_xgboost(fitted, initial_types=floats, target_opset=15), HOLED_GOLDEN, task, answers_of(fitted, task, golden), NUMBERS, f"XGBoost {xgboost.__version__}{tail}")
    for name, model, target, task in [
        ("lightgbm_binary", lightgbm.LGBMClassifier(**small, random_state=1, verbose=-1), LATE, "binary"),
        ("lightgbm_multiclass", lightgbm.LGBMClassifier(**small, random_state=1, verbose=-1), REASON, "multiclass"),
        ("lightgbm_categories", lightgbm.LGBMClassifier(**small, random_state=1, verbose=-1), LATE, "binary"),
        ("lightgbm_regression", lightgbm.LGBMRegressor(**small, random_state=1, verbose=-1), MINUTES, "regression"),
    ]:
        fitted = model.fit(asked, target, **({"categorical_feature": [1]} if name == "lightgbm_categories" else {}))
        save(name, convert_lightgbm(fitted, initial_types=floats, target_opset=15), HOLED_GOLDEN, task, answers_of(fitted, task, golden), NUMBERS, f"LightGBM {lightgbm.__version__}{tail}")


def main():
    from_sklearn("logistic_named", make_pipeline(columns(StandardScaler()), LogisticRegression()), LATE, "binary", named=True)
    from_sklearn("logistic_imputed", make_pipeline(columns(make_pipeline(SimpleImputer(strategy="median"), StandardScaler())), LogisticRegression()), REASON, "multiclass", named=True, holes=True, zipmap=False)
    from_sklearn("logistic_tensor", make_pipeline(StandardScaler(), LogisticRegression()), LATE, "binary", zipmap=False)
    from_sklearn("linear_named", make_pipeline(columns(RobustScaler()), LinearRegression()), MINUTES, "regression", named=True)
    from_sklearn("elastic_net", make_pipeline(MinMaxScaler(), PolynomialFeatures(2), ElasticNet(alpha=0.1)), MINUTES, "regression")
    from_sklearn("forest_binary", RandomForestClassifier(12, max_depth=5, random_state=1), LATE, "binary")
    from_sklearn("forest_multiclass", RandomForestClassifier(8, max_depth=5, random_state=1), REASON, "multiclass")
    from_sklearn("forest_regression", RandomForestRegressor(8, max_depth=5, random_state=1), MINUTES, "regression")
    from_sklearn("extra_trees_named", make_pipeline(columns(MaxAbsScaler()), ExtraTreesClassifier(8, max_depth=5, random_state=1)), LATE, "binary", named=True)
    # Rare names together: the exporter splits the columns of names.
    from_sklearn("rare_names", make_pipeline(ColumnTransformer([("numbers", StandardScaler(), NUMBERS), ("names", OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=0.2, sparse_output=False), NAMES)]), LogisticRegression()), LATE, "binary", named=True, zipmap=False)
    from_sklearn("ordinal_tree", make_pipeline(ColumnTransformer([("numbers", "passthrough", NUMBERS), ("names", OrdinalEncoder(), NAMES)]), DecisionTreeClassifier(max_depth=5, random_state=1)), REASON, "multiclass", named=True)
    from_sklearn("gradient_boosting_binary", GradientBoostingClassifier(n_estimators=12, max_depth=3, random_state=1), LATE, "binary")
    from_sklearn("gradient_boosting_multiclass", GradientBoostingClassifier(n_estimators=6, max_depth=3, random_state=1), REASON, "multiclass")
    from_sklearn("gradient_boosting_regression", GradientBoostingRegressor(n_estimators=12, max_depth=3, random_state=1), MINUTES, "regression")
    from_sklearn("hist_boosting_binary", HistGradientBoostingClassifier(max_iter=10, max_leaf_nodes=8, random_state=1), LATE, "binary", holes=True)
    from_sklearn("hist_boosting_multiclass", HistGradientBoostingClassifier(max_iter=6, max_leaf_nodes=8, random_state=1), REASON, "multiclass", holes=True)
    from_sklearn("hist_boosting_regression", HistGradientBoostingRegressor(max_iter=10, max_leaf_nodes=8, random_state=1), MINUTES, "regression", holes=True)
    from_sklearn("ada_boost", AdaBoostClassifier(n_estimators=8, random_state=1), LATE, "binary")
    from_sklearn("calibrated", CalibratedClassifierCV(LogisticRegression(max_iter=3000), cv=2), LATE, "binary")
    from_sklearn("voting", VotingClassifier([("a", LogisticRegression(max_iter=3000)), ("b", DecisionTreeClassifier(max_depth=4, random_state=1))], voting="soft", flatten_transform=False), LATE, "binary")
    from_sklearn("sgd", make_pipeline(Normalizer(), SGDClassifier(loss="log_loss", random_state=1)), REASON, "multiclass")
    from_sklearn("naive_bayes", GaussianNB(), REASON, "multiclass")
    from_sklearn("perceptron", make_pipeline(StandardScaler(), MLPClassifier((12, 6), max_iter=200, random_state=1)), REASON, "multiclass")
    from_sklearn("perceptron_regression", make_pipeline(StandardScaler(), MLPRegressor(hidden_layer_sizes=(12,), activation="tanh", max_iter=200, random_state=1)), MINUTES, "regression")
    from_sklearn("one_vs_rest", OneVsRestClassifier(LogisticRegression(max_iter=3000)), REASON, "multiclass")
    from_sklearn("quantile", make_pipeline(QuantileTransformer(n_quantiles=20), PCA(3), LogisticRegression()), LATE, "binary")
    from_sklearn("isotonic", CalibratedClassifierCV(DecisionTreeClassifier(max_depth=3, random_state=1), method="isotonic", cv=2), LATE, "binary")
    from_sklearn("target_encoded", make_pipeline(ColumnTransformer([("numbers", StandardScaler(), NUMBERS), ("names", TargetEncoder(random_state=1), NAMES)]), LogisticRegression()), LATE, "binary", named=True)
    from_boosters()


if __name__ == "__main__":
    main()
