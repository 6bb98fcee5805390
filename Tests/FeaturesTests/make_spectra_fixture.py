"""Prints SpectraFixture.swift: three spectra and what SciPy and NumPy make of them.

Run: python3 make_spectra_fixture.py > SpectraFixture.swift && swift format -i SpectraFixture.swift
"""
import numpy as np
from scipy import signal, sparse
from scipy.sparse.linalg import spsolve

rng = np.random.default_rng(11)
BANDS, SPECTRA = 40, 3
even = 1000 + 7.5 * np.arange(BANDS)
uneven = np.sort(1000 + 300 * rng.random(BANDS))
peaks = [(1060, 12, 1.0), (1150, 20, 0.6), (1240, 8, 1.4)]
spectra = np.array([
    sum(h * s * np.exp(-((even - c) / w) ** 2) for (c, w, h), s in zip(peaks, rng.random(3) + 0.3))
    + 0.002 * (even - 1000) + 0.3 * np.sin(even / 90) + 0.02 * rng.standard_normal(BANDS)
    for _ in range(SPECTRA)
]).astype(np.float32).astype(float)


def polynomials(window, order, derivative):
    """Local polynomials at uneven positions, one numpy fit a band."""
    out = np.empty_like(spectra)
    for i in range(BANDS):
        first = min(max(0, i - window // 2), BANDS - window)
        x = uneven[first:first + window] - uneven[i]
        for s in range(SPECTRA):
            fit = np.polynomial.Polynomial.fit(x, spectra[s, first:first + window], order)
            out[s, i] = fit.deriv(derivative)(0.0) if derivative else fit(0.0)
    return out


def als(y, lam, p, iterations):
    d = sparse.diags([1.0, -2.0, 1.0], [0, 1, 2], shape=(BANDS - 2, BANDS)).tocsc()
    w = np.ones(BANDS)
    for _ in range(iterations):
        z = spsolve((sparse.diags(w) + lam * d.T @ d).tocsc(), w * y)
        w = np.where(y > z, p, 1 - p)
    return z


def gaussian(positions, width, at):
    g = np.exp(-4 * np.log(2) * ((positions - at) / width) ** 2)
    return np.trapezoid(g * spectra, positions, axis=1) / np.trapezoid(g, positions)


def swift(name, array):
    words = ", ".join(f"{v:.12g}" for v in np.asarray(array).ravel())
    print(f"  static let {name}: [Double] = [{words}]")


print("/// Numbers that `make_spectra_fixture.py` printed; of many spectra one after another.")
print("enum SpectraFixture {")
print(f"  static let bands = {BANDS}")
swift("even", even)
swift("uneven", uneven)
swift("spectra", spectra)
for derivative in range(3):
    swift(f"savgol{derivative}", signal.savgol_filter(
        spectra, 11, 3, deriv=derivative, delta=7.5, axis=1, mode="interp"))
    swift(f"polynomial{derivative}", polynomials(11, 3, derivative))
swift("snv", (spectra - spectra.mean(1, keepdims=True)) / spectra.std(1, ddof=1, keepdims=True))
swift("area", spectra / np.trapezoid(abs(spectra), uneven, axis=1)[:, None])
swift("sum", spectra / abs(spectra).sum(1, keepdims=True))
low, high = spectra.min(1, keepdims=True), spectra.max(1, keepdims=True)
swift("minMax", (spectra - low) / (high - low))
swift("baseline", [als(y, 1e4, 0.01, 10) for y in spectra])
swift("stiffBaseline", [als(y, 1e7, 0.001, 3) for y in spectra])
targets = np.array([1010.0, 1099.5, 1180.25, 1250.0])
swift("targets", targets)
swift("linear", [np.interp(targets, uneven, y) for y in spectra])
swift("gaussian", np.array([gaussian(even, 18, t) for t in targets + 20]).T)
print("}")
