"""Writes calibration.json in Fixtures: temperatures as scipy finds them, measures as scikit-learn does.

    python -m venv VENV && VENV/bin/pip install scikit-learn scipy
    VENV/bin/python make_calibration_fixtures.py

Logits are multiples of 1/64, so Float holds them exactly.
"""

import json
import pathlib

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.metrics import brier_score_loss, log_loss

FOLDER = pathlib.Path(__file__).parent / "Fixtures"


def case(samples, classes, sureness, seed):
    """Logits of a model that is `sureness` times as sure as it is right."""
    rng = np.random.default_rng(seed)
    honest = rng.normal(scale=1.5, size=(samples, classes))
    truth = np.array([rng.choice(classes, p=softmax(row)) for row in honest])
    logits = np.round(64 * sureness * honest) / 64

    def loss(temperature):
        return -log_softmax(logits / temperature, axis=1)[np.arange(samples), truth].mean()

    found = minimize_scalar(
        lambda x: loss(np.exp(x)), bounds=(np.log(0.05), np.log(20)), method="bounded",
        options={"xatol": 1e-11})
    temperature = float(np.exp(found.x))
    return {"classes": classes, "sixtyFourths": (64 * logits).astype(int).ravel().tolist(),
            "truth": truth.tolist(), "temperature": temperature,
            "before": measures(softmax(logits, axis=1), truth, classes),
            "after": measures(softmax(logits / temperature, axis=1), truth, classes)}


def measures(p, truth, classes):
    # Probabilities as Float has them; the labels of scikit-learn's sums are one-hot.
    p = p.astype(np.float32).astype(float)
    hot = np.eye(classes)[truth]
    judged = [1] if classes == 2 else range(classes)
    errors = []
    for k in judged:
        bins = np.minimum((p[:, k] * 10).astype(int), 9)
        errors.append(sum(abs((p[bins == b, k] - hot[bins == b, k]).sum()) for b in range(10))
                      / len(truth))
    brier = sum(brier_score_loss(hot[:, k], p[:, k]) for k in judged)
    return {"error": float(np.mean(errors)), "brier": float(brier),
            "logLoss": float(log_loss(truth, p / p.sum(axis=1, keepdims=True),
                                      labels=range(classes)))}


cases = [case(150, 2, 3.0, 1), case(150, 2, 0.4, 2), case(200, 4, 2.0, 3), case(120, 3, 1.0, 4)]
(FOLDER / "calibration.json").write_text(json.dumps(cases) + "\n")
for c in cases:
    print(c["classes"], c["temperature"], c["before"], c["after"])
