"""Writes table.json, forest.json and logistic.json in Fixtures, as scikit-learn computes them.

    python -m venv VENV && VENV/bin/pip install "scikit-learn>=1.9"
    VENV/bin/python make_forest_fixtures.py

The table is made here from a seed. Features are multiples of 1/256, so Float holds them exactly.
"""

import json
import pathlib

import numpy as np
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.class_weight import compute_sample_weight

SAMPLES, TRAINED = 300, 200
FOLDER = pathlib.Path(__file__).parent / "Fixtures"


def table(seed):
    """Correlated features, one of few values, one that never varies; noisy targets."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(SAMPLES, 8))
    x[:, 1] += 0.8 * x[:, 0]
    x[:, 3] = 3 * np.exp(x[:, 3])
    x[:, 5] = np.round(x[:, 5])
    x[:, 7] = 2
    x = np.round(256 * x) / 256
    score = 1.2 * x[:, 0] + np.where(x[:, 2] > 0.3, x[:, 4], -x[:, 4]) + 0.3 * x[:, 3]
    score = score + rng.normal(size=SAMPLES)
    two = (score > np.quantile(score, 0.8)).astype(int)
    three = np.digitize(score, np.quantile(score, [0.5, 0.85]))
    return x, {"two": two, "three": three}, np.round(64 * score) / 64


def area(truth, p):
    scores = [roc_auc_score(truth == c, p[:, c]) for c in range(p.shape[1])]
    return scores[1] if len(scores) == 2 else float(np.mean(scores))


def summary(values):
    return {"mean": float(np.mean(values)), "deviation": float(np.std(values, ddof=1))}


class WeightedForest:
    """Trees on even bootstrap samples, with class weights in the impurity."""

    def __init__(self, trees, seed):
        self.trees, self.rng = trees, np.random.default_rng(seed)

    def fit(self, x, y):
        weights = compute_sample_weight("balanced", y)
        votes = np.zeros((len(y), y.max() + 1))
        self.models = []
        for _ in range(self.trees):
            counts = np.bincount(self.rng.integers(0, len(y), len(y)), minlength=len(y))
            tree = DecisionTreeClassifier(
                max_features="sqrt", random_state=int(self.rng.integers(2**31)))
            self.models.append(tree.fit(x, y, sample_weight=counts * weights))
            votes[counts == 0] += tree.predict_proba(x[counts == 0])
        self.oob_score_ = np.mean(votes.argmax(axis=1) == y)
        self.feature_importances_ = np.mean(
            [tree.feature_importances_ for tree in self.models], axis=0)

    def predict_proba(self, x):
        return np.mean([tree.predict_proba(x) for tree in self.models], axis=0)


def forests(x, classes, values):
    result = {}
    cases = {
        "two": ("two", dict(class_weight="balanced")),
        "twoUnweighted": ("two", dict(min_samples_leaf=5, max_depth=4)),
        "twoInImpurity": ("two", dict()),
        "three": ("three", dict(class_weight="balanced", min_samples_leaf=3, max_features=4)),
        "values": (None, dict(min_samples_leaf=2)),
    }
    for name, (target, options) in cases.items():
        y = values if target is None else classes[target]
        kind = RandomForestRegressor if target is None else RandomForestClassifier
        scores, mean, bags, importances = [], [], [], []
        for seed in range(5):
            if name == "twoInImpurity":
                model = WeightedForest(200, seed)
            else:
                model = kind(200, oob_score=True, random_state=seed, **options)
            model.fit(x[:TRAINED], y[:TRAINED])
            if target is None:
                p = model.predict(x[TRAINED:])
                scores.append(r2_score(y[TRAINED:], p))
            else:
                p = model.predict_proba(x[TRAINED:])
                scores.append(area(y[TRAINED:], p))
            mean.append(p)
            bags.append(model.oob_score_)
            importances.append(model.feature_importances_)
        result[name] = {
            "score": summary(scores),
            "outOfBag": summary(bags),
            "importances": np.mean(importances, axis=0).round(6).tolist(),
            "predictions": np.mean(mean, axis=0).round(6).ravel().tolist(),
        }
    return result


def regressions(x, classes):
    result = {}
    for name, target, c, weight in [
        ("two", "two", 1.0, None),
        ("twoBalanced", "two", 0.1, "balanced"),
        ("three", "three", 1.0, None),
        ("threeBalanced", "three", 10.0, "balanced"),
    ]:
        y = classes[target]
        model = LogisticRegression(
            C=c, class_weight=weight, solver="newton-cg", tol=1e-12, max_iter=100000)
        model.fit(x[:TRAINED], y[:TRAINED])
        result[name] = {
            "inversePenalty": c,
            "coefficients": model.coef_.ravel().tolist(),
            "intercepts": model.intercept_.tolist(),
            "probabilities": model.predict_proba(x[TRAINED:TRAINED + 10]).ravel().tolist(),
        }
    return result


x, classes, values = table(11)
data = {
    "rows256": (256 * x).astype(int).ravel().tolist(),
    "two": classes["two"].tolist(),
    "three": classes["three"].tolist(),
    "values64": (64 * values).astype(int).tolist(),
    "trained": TRAINED,
}
FOLDER.mkdir(exist_ok=True)
for name, cases in [
    ("table", data), ("forest", forests(x, classes, values)), ("logistic", regressions(x, classes))
]:
    (FOLDER / f"{name}.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")
