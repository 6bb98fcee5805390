"""Prints OrderFixture.swift: clusterings of 12 variables as SciPy has them.

    python -m venv VENV && VENV/bin/pip install numpy scipy
    VENV/bin/python make_order_fixture.py > OrderFixture.swift

All inputs are multiples of 1/8, so Float holds them exactly.
"""

import numpy as np
import scipy
from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
from scipy.spatial.distance import squareform


def show(name, values, kind="Double"):
    text = [f"{v:.15g}" if kind == "Double" else str(int(v)) for v in np.ravel(values)]
    print(f"  static let {name}: [{kind}] = [")
    for start in range(0, len(text), 8):
        print("    " + " ".join(f"{t}," for t in text[start : start + 8]))
    print("  ]")


rng = np.random.default_rng(5)
count = 12
hidden = rng.normal(size=(30, 4))
mixed = hidden @ rng.normal(size=(4, count)) + 0.7 * rng.normal(size=(30, count))
x = np.round(mixed * 8) / 8
distances = 1 - np.abs(np.corrcoef(x.T))
np.fill_diagonal(distances, 0)
distances = (distances + distances.T) / 2
flat = squareform(distances, checks=False)

print(f"/// Numbers that `make_order_fixture.py` printed with SciPy {scipy.__version__}.")
print("enum OrderFixture {")
print("  /// 12 variables of 30 observations, variable by variable.")
show("values", x.T)
for method in ["average", "complete", "single"]:
    tree = linkage(flat, method)
    show(f"{method}Pairs", tree[:, :2], "Int")
    show(f"{method}Distances", tree[:, 2])
    show(f"{method}Leaves", leaves_list(tree), "Int")
    best = leaves_list(optimal_leaf_ordering(tree, flat))
    show(f"{method}Optimal", best if best[0] < best[-1] else best[::-1], "Int")
print("}")
