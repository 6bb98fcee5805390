"""Writes oversampling.json in Fixtures, as imbalanced-learn computes it.

    python -m venv VENV && VENV/bin/pip install "imbalanced-learn>=0.14"
    VENV/bin/python make_oversampling_fixtures.py

The draws are made again here with the seed that the library was given. Features are multiples of
1/256, so Float holds them exactly.
"""

import json
import pathlib

import numpy as np
from imblearn.over_sampling import ADASYN, SMOTE, BorderlineSMOTE

FOLDER = pathlib.Path(__file__).parent / "Fixtures"
SEED, K, M = 7, 4, 8

rng = np.random.default_rng(20241105)
y = np.array([0] * 44 + [1] * 14)
rng.shuffle(y)
x = rng.normal(size=(len(y), 5)) + 0.9 * y[:, None]
x = np.round(256 * x) / 256


def neighbors(rows, count):
    distance = ((rows[:, None] - rows[None]) ** 2).sum(-1)
    return np.argsort(distance, axis=1, kind="stable")[:, 1:count + 1]


def draws(starts, count):
    """The draws of `_make_samples`: which pair of a start and its neighbour, and how far."""
    random = np.random.RandomState(SEED)
    pairs = random.randint(low=0, high=len(starts) * K, size=count)
    return pairs // K, pairs % K, random.uniform(size=count)


own = np.flatnonzero(y == 1)
near = own[neighbors(x[own], K)]
wanted = int((y == 0).sum() - len(own))
result = {"rows": x.ravel().tolist(), "classes": y.tolist(), "columns": 5, "neighbors": K,
          "borderNeighbors": M, "wanted": wanted}

# SMOTE
new = SMOTE(k_neighbors=K, random_state=SEED).fit_resample(x, y)[0][len(y):]
rows, columns, steps = draws(own, wanted)
result["smote"] = {"parents": own[rows].tolist(), "neighbors": near[rows, columns].tolist(),
                   "shares": steps.tolist(), "rows": new.ravel().tolist()}

# Borderline-SMOTE 1
method = BorderlineSMOTE(k_neighbors=K, m_neighbors=M, random_state=SEED, kind="borderline-1")
new = method.fit_resample(x, y)[0][len(y):]
danger = method.in_danger_indices[1]
rows, columns, steps = draws(danger, wanted)
place = np.searchsorted(own, danger)
result["borderline-smote"] = {
    "danger": danger.tolist(), "parents": danger[rows].tolist(),
    "neighbors": near[place][rows, columns].tolist(), "shares": steps.tolist(),
    "rows": new.ravel().tolist()}

# ADASYN
new = ADASYN(n_neighbors=K, random_state=SEED).fit_resample(x, y)[0][len(y):]
ratio = (y[neighbors(x, K)][own] != 1).sum(1) / K
counts = np.rint(ratio / ratio.sum() * wanted).astype(int)
rows = np.repeat(np.arange(len(own)), counts)
random = np.random.RandomState(SEED)
columns = random.choice(K, size=len(rows))
steps = random.uniform(size=(len(rows), 1))[:, 0]
result["adasyn"] = {
    "counts": counts.tolist(), "parents": own[rows].tolist(),
    "neighbors": near[rows, columns].tolist(), "shares": steps.tolist(),
    "rows": new.ravel().tolist()}

for name in ["smote", "borderline-smote", "adasyn"]:
    case = result[name]
    parents, others = x[case["parents"]], x[case["neighbors"]]
    again = parents + np.array(case["shares"])[:, None] * (others - parents)
    assert np.allclose(again.ravel(), case["rows"], atol=1e-12), name
(FOLDER / "oversampling.json").write_text(json.dumps(result))
