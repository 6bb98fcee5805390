"""Prints the numbers of CompositionalParityTests.swift, as numpy, scipy and scikit-learn have them.

    python -m venv VENV && VENV/bin/pip install numpy scikit-learn && VENV/bin/python make_fixtures.py

The log-ratios are written out from their formulas: clr and alr after Aitchison (1982), ilr with the
Gram-Schmidt basis of Egozcue et al. (2003), the default of scikit-bio. All inputs are multiples of
1/8, so Float holds them exactly.
"""

import numpy as np
from scipy.stats import norm
from sklearn.decomposition import PCA
from sklearn.preprocessing import MinMaxScaler, QuantileTransformer, RobustScaler, StandardScaler


def show(name, values):
    flat = np.asarray(values, float).ravel()
    print(f"  static let {name}: [Double] = [")
    for start in range(0, len(flat), 6):
        print("    " + " ".join(f"{v:.12g}," for v in flat[start : start + 6]))
    print("  ]")


def helmert(parts):
    rows = []
    for i in range(1, parts):
        row = np.array([1 / i] * i + [-1] + [0] * (parts - i - 1))
        rows.append(row * np.sqrt(i / (i + 1)))
    return np.array(rows)


rng = np.random.default_rng(12)
x = np.round(np.exp(rng.normal([1, 2, 0, 3, 1.5], 0.7, size=(14, 5))) * 8) / 8 + 0.125
print("  /// 14 cells of 5 bands, cell by cell.")
show("values", x)
logs = np.log(x)
clr = logs - logs.mean(axis=1, keepdims=True)
show("clr", clr)
show("ilr", clr @ helmert(5).T)
show("alr", logs[:, [0, 1, 3, 4]] - logs[:, [2]])

for name, data in [("covariance", x), ("correlation", StandardScaler().fit_transform(x))]:
    pca = PCA(svd_solver="full").fit(data)
    axes, scores = pca.components_.copy(), pca.transform(data)
    for k in range(5):
        if axes[k, np.abs(axes[k]).argmax()] < 0:
            axes[k] *= -1
            scores[:, k] *= -1
    show(f"{name}Loadings", axes)
    show(f"{name}Variances", pca.explained_variance_)
    show(f"{name}Scores", scores)

show("robust", RobustScaler().fit_transform(x))
show("minMax", MinMaxScaler().fit_transform(x))
show("quantiles", np.percentile(x[:, 0], np.linspace(0, 100, 8)))
for distribution in ["uniform", "normal"]:
    ranks = QuantileTransformer(n_quantiles=8, output_distribution=distribution)
    show(f"{distribution}Ranks", ranks.fit(x[:, :1]).transform(x[:, :1]))
show("normalDeviates", norm.ppf([1e-7, 1e-4, 0.01, 0.07, 0.075, 0.2, 0.5, 0.9, 0.93, 0.9999]))
