"""Prints the numbers of MetricsTests.swift and StrataTests.swift, as scikit-learn computes them.

    python -m venv VENV && VENV/bin/pip install scikit-learn && VENV/bin/python make_fixtures.py

All probabilities are multiples of 1/64, so Float holds them exactly.
"""

import numpy as np
from sklearn import metrics as m
from sklearn.calibration import calibration_curve


def probabilities(n, classes, seed):
    rng = np.random.default_rng(seed)
    cuts = np.sort(rng.integers(1, 64, size=(n, classes - 1)), axis=1)
    edges = np.concatenate([np.zeros((n, 1), int), cuts, np.full((n, 1), 64)], axis=1)
    parts = np.maximum(np.diff(edges, axis=1), 1)
    parts[:, 0] += 64 - parts.sum(axis=1)
    return parts / 64


def classification(name, n, classes, seed):
    p = probabilities(n, classes, seed)
    rng = np.random.default_rng(seed + 1)
    truth = np.where(rng.random(n) < 0.5, p.argmax(axis=1), rng.integers(0, classes, n))
    hard = p.argmax(axis=1)
    average = "binary" if classes == 2 else "macro"
    scores = p[:, 1] if classes == 2 else p
    print(f"// {name}")
    print("sixtyFourths:", (p * 64).astype(int).ravel().tolist())
    print("classes:", truth.tolist())
    print("confusion:", m.confusion_matrix(truth, hard, labels=range(classes)).ravel().tolist())
    for key, value in {
        "accuracy": m.accuracy_score(truth, hard),
        "balanced accuracy": m.balanced_accuracy_score(truth, hard),
        "precision": m.precision_score(truth, hard, average=average, zero_division=0),
        "recall": m.recall_score(truth, hard, average=average),
        "F1": m.f1_score(truth, hard, average=average),
        "kappa": m.cohen_kappa_score(truth, hard),
        "MCC": m.matthews_corrcoef(truth, hard),
        "average precision": m.average_precision_score(
            truth if classes == 2 else np.eye(classes)[truth], scores),
        "ROC AUC": m.roc_auc_score(truth, scores, multi_class="ovr", average="macro"),
        "log loss": m.log_loss(truth, p, labels=range(classes)),
    }.items():
        print(f'"{key}": {value!r},'.replace("np.float64(", "").replace(")", ""))


def regression(n, seed):
    rng = np.random.default_rng(seed)
    measured = rng.integers(-64, 64, n) / 16
    predicted = measured + rng.integers(-16, 16, n) / 16
    print("// regression")
    print("measured:", measured.tolist())
    print("predicted:", predicted.tolist())
    print("R2", float(m.r2_score(measured, predicted)))
    print("MAE", float(m.mean_absolute_error(measured, predicted)))
    print("RMSE", float(np.sqrt(m.mean_squared_error(measured, predicted))))


def curves(n, seed):
    """The curves of the two classes of `classification`."""
    p = probabilities(n, 2, seed)[:, 1]
    rng = np.random.default_rng(seed + 1)
    hard = probabilities(n, 2, seed).argmax(axis=1)
    truth = np.where(rng.random(n) < 0.5, hard, rng.integers(0, 2, n))
    falses, trues, thresholds = m.roc_curve(truth, p, drop_intermediate=False)
    print("// curves")
    print("thresholds:", thresholds[1:].tolist())
    print("false positive rates:", falses[1:].tolist())
    print("true positive rates:", trues[1:].tolist())
    print("precisions:", m.precision_recall_curve(truth, p)[0][:-1][::-1].tolist())
    shares, means = calibration_curve(truth, p, n_bins=5)
    print("reliability:", means.tolist(), shares.tolist())


classification("two classes", 20, 2, 21)
curves(20, 21)
classification("three classes", 24, 3, 22)
regression(12, 13)


def groups(seed):
    """Groups of uneven classes, no two with the same spread: StrataTests.swift."""
    from sklearn.model_selection import StratifiedGroupKFold

    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 20, size=(14, 3))
    assert len(set(np.round(counts.std(axis=1), 9))) == len(counts)
    group = np.repeat(np.arange(14), counts.sum(axis=1))
    truth = np.concatenate([np.repeat(np.arange(3), row) for row in counts])
    fold = np.empty(14, int)
    splits = StratifiedGroupKFold(4).split(np.zeros(len(truth)), truth, group)
    for number, (_, test) in enumerate(splits):
        fold[np.unique(group[test])] = number
    print("// groups")
    print("counts:", counts.tolist())
    print("folds:", fold.tolist())


groups(10)
