"""Writes embedding.json in Fixtures: maps, covariances and neighbours as scikit-learn has them.

    python -m venv VENV && VENV/bin/pip install scikit-learn
    OMP_NUM_THREADS=1 VENV/bin/python make_embedding_fixtures.py

Data are Fisher's iris (150 x 4, in tenths of centimetres) and the first 300 of scikit-learn's digits
(8 x 8 pixels of 0 to 16): whole numbers, which JSON holds exactly.
"""

import json
import pathlib

import numpy as np
from sklearn.covariance import LedoitWolf
from sklearn.datasets import load_digits, load_iris
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE, trustworthiness
from sklearn.manifold._t_sne import _joint_probabilities, _joint_probabilities_nn, _kl_divergence
from sklearn.metrics import pairwise_distances
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.neighbors import (KNeighborsClassifier, NearestNeighbors,
                               NeighborhoodComponentsAnalysis)

FOLDER = pathlib.Path(__file__).parent / "Fixtures"


def rounded(values):
    return [float(f"{value:.10g}") for value in np.ravel(values)]


def places(count):
    """A map that both sides can make: a spiral of no meaning."""
    i = np.arange(count)
    return np.column_stack([3 * np.sin(i), 2 * np.cos(2 * i + 1)])


def spread(x, plane, perplexity, method):
    """How far whole runs differ whose starts differ by a thousandth of their width."""
    divergences, kept = [], []
    for seed in range(8):
        start = plane / plane[:, 0].std() * 1e-4
        start += np.random.default_rng(seed).normal(scale=1e-7, size=plane.shape)
        model = TSNE(perplexity=perplexity, init=start.astype(np.float32), method=method,
                     random_state=0)
        y = model.fit_transform(x)
        divergences.append(model.kl_divergence_)
        kept.append(trustworthiness(x, y, n_neighbors=5))
    return {"divergences": np.round(sorted(divergences), 4).tolist(),
            "trustworthiness": np.round(sorted(kept), 4).tolist()}


def tsne(x, perplexity):
    n = len(x)
    squares = pairwise_distances(x, metric="euclidean", squared=True)
    joint = _joint_probabilities(squares, perplexity, 0)
    square = np.zeros((n, n))
    square[np.triu_indices(n, 1)] = joint
    square += square.T
    divergence, gradient = _kl_divergence(places(n).ravel(), joint, 1, n, 2)
    k = min(n - 1, int(3 * perplexity + 1))
    graph = NearestNeighbors(n_neighbors=k).fit(x).kneighbors_graph(mode="distance")
    graph.data **= 2
    sparse = _joint_probabilities_nn(graph, perplexity, 0).toarray()
    plane = PCA(2, svd_solver="full").fit_transform(x)
    runs = {method: spread(x, plane, perplexity, method) for method in ("exact", "barnes_hut")}
    return {"perplexity": perplexity, "jointRows": {str(i): rounded(square[i]) for i in (0, n // 2)},
            "sparseRows": {str(i): rounded(sparse[i]) for i in (0, n // 2)},
            "divergence": float(divergence), "gradient": rounded(gradient), "runs": runs,
            "plane": rounded(plane), "planeTrustworthiness": trustworthiness(x, plane, n_neighbors=5)}


def within(x, y):
    means = np.array([x[y == c].mean(0) for c in np.unique(y)])
    estimate = LedoitWolf(assume_centered=True).fit(x - means[y])
    inverse = np.linalg.inv(estimate.covariance_)
    distances = np.sqrt([min((row - m) @ inverse @ (row - m) for m in means) for row in x])
    return {"shrinkage": float(estimate.shrinkage_), "trace": float(np.trace(estimate.covariance_)),
            "covariance": rounded(estimate.covariance_[:4]), "distances": rounded(distances)}


def components(x, y, rows):
    """The objective and its gradient at a map that both sides can make, and what a fit reaches."""
    a = 0.1 * np.cos(np.arange(rows * x.shape[1])).reshape(rows, -1)
    model = NeighborhoodComponentsAnalysis()
    model.n_iter_ = 0
    same = y[:, None] == y[None, :]
    loss, gradient = model._loss_grad_lbfgs(a.ravel(), x.astype(float), same, -1.0)
    scaled = x / np.where(x.std(0) > 0, x.std(0), 1)
    fitted = NeighborhoodComponentsAnalysis(n_components=rows, init="pca", random_state=0).fit(scaled, y)
    reached, _ = model._loss_grad_lbfgs(fitted.components_.ravel(), scaled, same, 1.0)
    return {"rows": rows, "value": -float(loss), "gradient": rounded(-gradient),
            "reached": float(abs(reached)) / len(x)}


def neighbours(x, y):
    model = KNeighborsClassifier(5, algorithm="brute")
    own = cross_val_predict(model, x, y, cv=LeaveOneOut())
    return {"leaveOneOut": own.tolist(),
            "fromEven": model.fit(x[::2], y[::2]).predict(x[1::2]).tolist()}


def case(x, y, perplexity, rows):
    x, y = x.astype(int), y.astype(int)
    return {"dimensions": x.shape[1], "values": x.ravel().tolist(), "classes": y.tolist(),
            "tsne": tsne(x.astype(float), perplexity), "within": within(x.astype(float), y),
            "components": components(x, y, rows), "neighbours": neighbours(x, y)}


iris, digits = load_iris(), load_digits()
FOLDER.mkdir(exist_ok=True)
(FOLDER / "embedding.json").write_text(json.dumps({
    "iris": case(np.round(10 * iris.data), iris.target, 30, 2),
    "digits": case(digits.data[:300], digits.target[:300], 15, 3),
}) + "\n")
