"""Writes boxcox.json in Fixtures: powers of Box & Cox as scipy finds them, and transformed values.

    python -m venv VENV && VENV/bin/pip install scipy
    VENV/bin/python make_boxcox_fixtures.py

Values have three decimals, as amounts in a table have.
"""

import json
import pathlib

import numpy as np
from scipy.stats import boxcox

FOLDER = pathlib.Path(__file__).parent / "Fixtures"


def case(name, values):
    values = np.round(values, 3)
    transformed, power = boxcox(values)
    return {"name": name, "values": values.tolist(), "lambda": float(power),
            "transformed": transformed.tolist()}


rng = np.random.default_rng(7)
cases = [
    case("lognormal", rng.lognormal(0.2, 0.6, 80)),
    case("gamma", rng.gamma(3.0, 40.0, 60)),
    case("skewed to the left", 100 - rng.gamma(2.0, 9.0, 50)),
    case("heavy tail", 120 + rng.lognormal(4.5, 1.1, 70)),
    case("few", rng.lognormal(3, 0.9, 12)),
]
(FOLDER / "boxcox.json").write_text(json.dumps(cases) + "\n")
for c in cases:
    print(c["name"], c["lambda"])
