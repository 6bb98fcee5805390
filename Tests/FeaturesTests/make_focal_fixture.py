"""Prints FocalFixture.swift: focal statistics by scipy.ndimage, of a raster with gaps.

Run: python3 make_focal_fixture.py > FocalFixture.swift && swift format -i FocalFixture.swift
"""
import numpy as np
from scipy import ndimage

rng = np.random.default_rng(7)
WIDTH, HEIGHT = 13, 9
values = np.round(rng.lognormal(3, 1, (HEIGHT, WIDTH)) * 8) / 8
values[rng.random(values.shape) < 0.12] = np.nan


def circle(side):
    r = side // 2
    y, x = np.mgrid[-r:r + 1, -r:r + 1]
    return x * x + y * y <= (side / 2) ** 2


def focal(statistic, footprint):
    def measure(window):
        window = window[~np.isnan(window)]
        return statistic(window) if window.size else np.nan
    return ndimage.generic_filter(values, measure, footprint=footprint, mode="constant", cval=np.nan)


def swift(name, array):
    words = ", ".join(".nan" if np.isnan(v) else f"{v:.9g}" for v in array.ravel())
    print(f"  static let {name}: [Float] = [{words}]")


print("/// Numbers that `make_focal_fixture.py` printed.")
print("enum FocalFixture {")
print(f"  static let width = {WIDTH}")
print(f"  static let height = {HEIGHT}")
swift("values", values)
swift("squareMean", focal(np.mean, np.ones((3, 3), bool)))
swift("squareDeviation", focal(np.std, np.ones((3, 3), bool)))
swift("circleMean", focal(np.mean, circle(7)))
swift("circleDeviation", focal(np.std, circle(7)))
print("}")
