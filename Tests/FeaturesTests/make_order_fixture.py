"""Prints OrderFixture.swift: clusterings of 12 variables as SciPy has them.

The best turn of the branches is the shortest of all 2^11: SciPy's optimal_leaf_ordering finds longer
ones here.

    python -m venv VENV && VENV/bin/pip install numpy scipy
    VENV/bin/python make_order_fixture.py > OrderFixture.swift

All inputs are multiples of 1/8, so Float holds them exactly.
"""

import numpy as np
import scipy
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform


def show(name, values, kind="Double"):
    text = [f"{v:.15g}" if kind == "Double" else str(int(v)) for v in np.ravel(values)]
    print(f"  static let {name}: [{kind}] = [")
    for start in range(0, len(text), 8):
        print("    " + " ".join(f"{t}," for t in text[start : start + 8]))
    print("  ]")


def turned(tree, cluster, turns):
    """The items of a cluster, its branches exchanged where `turns` has a bit."""
    if cluster < count:
        return [cluster]
    left, right = (turned(tree, int(side), turns) for side in tree[cluster - count, :2])
    return right + left if turns >> (cluster - count) & 1 else left + right


def length(order):
    return sum(distances[a, b] for a, b in zip(order, order[1:]))


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
    best = min((turned(tree, 2 * count - 2, turns) for turns in range(2 ** (count - 1))), key=length)
    show(f"{method}Optimal", best if best[0] < best[-1] else best[::-1], "Int")
print("}")
