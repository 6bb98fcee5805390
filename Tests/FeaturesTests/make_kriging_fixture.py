"""Prints KrigingFixture.swift: estimates and variances as PyKrige has them.

    python -m venv VENV && VENV/bin/pip install pykrige==1.7.3
    VENV/bin/python make_kriging_fixture.py > KrigingFixture.swift

All coordinates and values are multiples of 1/8, so Float holds them exactly. The last place is that
of a point.
"""

import numpy as np
from pykrige.ok import OrdinaryKriging

rng = np.random.default_rng(7)
count = 40
x = np.round(rng.uniform(0, 100, count) * 8) / 8
y = np.round(rng.uniform(0, 80, count) * 8) / 8
z = np.round((np.sin(x / 20) * 5 + y / 10 + rng.normal(0, 0.6, count)) * 8) / 8
px = np.append(np.round(rng.uniform(-10, 110, 24) * 8) / 8, x[3])
py = np.append(np.round(rng.uniform(-10, 90, 24) * 8) / 8, y[3])


def show(name, values):
    print(f"  static let {name}: [Double] = [")
    for start in range(0, len(values), 4):
        print("    " + " ".join(f"{v:.16g}," for v in values[start : start + 4]))
    print("  ]")


print("/// Numbers that `make_kriging_fixture.py` printed: PyKrige 1.7.3.")
print("enum KrigingFixture {")
show("x", x)
show("y", y)
show("z", z)
show("placeX", px)
show("placeY", py)
models = {
    "spherical": {"psill": 9.0, "range": 45.0, "nugget": 0.5},
    "exponential": {"psill": 12.0, "range": 80.0, "nugget": 0.25},
    "gaussian": {"psill": 10.0, "range": 40.0, "nugget": 0.125},
    "smooth": {"psill": 10.0, "range": 30.0, "nugget": 0.0},
}
for name, parameters in models.items():
    shape = "spherical" if name == "smooth" else name
    kriging = OrdinaryKriging(x, y, z, variogram_model=shape, variogram_parameters=parameters)
    for way, neighbors in [("All", None), ("Near", 10)]:
        value, variance = kriging.execute(
            "points", px, py, backend="loop", n_closest_points=neighbors)
        show(f"{name}{way}", np.asarray(value))
        show(f"{name}{way}Variance", np.asarray(variance))
print("}")
