"""Compares the superpixels with scikit-image's SLIC on real scenes; not run by the tests.

    python compare_slic.py DATA GOSSAN [scene ...]

DATA holds the folders indian_pines and nanling_li, GOSSAN is the program. Both sides cluster the same
standardized bands with compactness from the same grid of powers. Neither makes exactly the number of
segments that is asked for, so every compactness has a curve over the numbers that came out, from ten
runs: a parabola through the logarithms, since single runs scatter by several per cent (one more centre
here or there). Each side takes the compactness that suits it best at a number of segments.

Measures: the share of the boundary cells of ground truth fields, the unlabelled ground among them, with
a segment boundary in the same cell or one cell away (recall, higher is better), and the variance inside
segments as a share of the whole (lower is better). Needs numpy, scipy, rasterio and
scikit-image; made with scikit-image 0.26.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import rasterio
from scipy.sparse import csr_array
from skimage.segmentation import slic

DATA, GOSSAN = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
SCENES = {
    "indian_pines": ("indian_pines_aviris_200band.tif", "indian_pines_gt.tif"),
    "nanling_li": ("nanling_geochem_39el_4km.tif", None),
}
COUNTS = (125, 200, 320, 500, 800)
ASKED = [round(n) for n in np.geomspace(90, 1200, 10)]
COMPACTNESS = 10.0 ** np.arange(-0.5, 1.51, 0.25)
ITERATIONS = 10


def ours(raster, jobs):
    """Segment ids for pairs of count and compactness, from one pipeline, and the standardized cube."""
    with tempfile.TemporaryDirectory() as folder:
        stages = [{"type": "read-cube", "tag": "bands", "files": [str(raster)]},
                  {"type": "standardize", "tag": "cube", "inputs": ["bands"]}]
        for i, (count, compactness) in enumerate(jobs):
            stages.append({"type": "superpixels", "tag": f"s{i}", "inputs": ["cube"],
                           "compactness": float(compactness), "iterations": ITERATIONS, **count})
        stages.append({"type": "write",
                       "inputs": ["cube"] + [f"s{i}" for i in range(len(jobs))]})
        pipeline = pathlib.Path(folder, "compare.json5")
        pipeline.write_text(json.dumps({"name": "compare", "grid": {"like": str(raster)},
                                        "stages": stages}))
        subprocess.run([GOSSAN, "run", pipeline, f"--out={folder}/out", "--quiet"],
                       check=True)

        def read(tag):
            with rasterio.open(f"{folder}/out/{tag}.tif") as file:
                data = file.read(masked=tag == "cube")
                return data.astype(float).filled(np.nan) if tag == "cube" else data

        return [read(f"s{i}")[0] for i in range(len(jobs))], read("cube")


def theirs(image, mask, count, compactness):
    # scikit-image divides bands by their common range; so scaled, both weigh position the same.
    return slic(image, n_segments=count, compactness=compactness / np.ptp(image),
                max_num_iter=ITERATIONS, start_label=1, convert2lab=False, channel_axis=-1,
                mask=None if mask.all() else mask)


def recall(segments, fields, tolerance):
    found = np.zeros(segments.shape, bool)
    wanted = np.zeros(segments.shape, bool)
    found[:, :-1] |= segments[:, :-1] != segments[:, 1:]
    found[:-1] |= segments[:-1] != segments[1:]
    wanted[:, :-1] |= fields[:, :-1] != fields[:, 1:]
    wanted[:-1] |= fields[:-1] != fields[1:]
    near = np.zeros_like(found)
    t = tolerance
    padded = np.pad(found, t)
    for y in range(2 * t + 1):
        for x in range(2 * t + 1):
            near |= padded[y:y + found.shape[0], x:x + found.shape[1]]
    return (near & wanted).sum() / wanted.sum()


def within(image, mask, segments):
    _, groups = np.unique(segments[mask], return_inverse=True)
    values = image[mask]
    members = csr_array((np.ones(len(groups)), (groups, np.arange(len(groups)))))
    means = members @ values / np.bincount(groups)[:, None]
    return ((values - means[groups]) ** 2).sum() / ((values - values.mean(0)) ** 2).sum()


def scores(image, mask, fields, segments):
    result = {"segments": len(np.unique(segments[mask])), "within": within(image, mask, segments)}
    if fields is not None:
        result |= {f"recall{t}": recall(segments, fields, t) for t in (0, 1)}
    return result


def compare(scene):
    name, truth = SCENES[scene]
    raster = DATA / scene / name
    jobs = [({"count": c}, m) for m in COMPACTNESS for c in ASKED]
    labels, cube = ours(raster, jobs)
    mask = np.isfinite(cube).all(0)
    image = np.where(mask, cube, 0).transpose(1, 2, 0)
    fields = None
    if truth:
        with rasterio.open(DATA / scene / truth) as file:
            fields = file.read(1).astype(int)
    measures = ["within"] + (["recall0", "recall1"] if truth else [])

    def curves(segmentations):
        """The scores of every compactness, in the order of `jobs`."""
        results = [scores(image, mask, fields, s) for s in segmentations]
        return [results[i:i + len(ASKED)] for i in range(0, len(results), len(ASKED))]

    own = curves(labels)
    other = curves(theirs(image, mask, job["count"], m) for job, m in jobs)
    print(f"{scene}: {mask.sum()} cells, {image.shape[2]} bands")
    print(f"{'measure':9}{'segments':>9}{'ours':>9}{'compactness':>13}"
          f"{'scikit-image':>15}{'compactness':>13}{'worse by':>11}")
    for measure in measures:
        sign = 1 if measure == "within" else -1
        worse = []
        for count in COUNTS:
            (a, m), (b, n) = (best(side, measure, count, sign) for side in (own, other))
            worse.append(sign * (a / b - 1))
            print(f"{measure:9}{count:9}{a:9.4f}{m:13.3g}{b:15.4f}{n:13.3g}{worse[-1]:+11.1%}")
        print(f"{measure:9}{'mean':>9}{np.mean(worse):+61.1%}", flush=True)


def best(curves, measure, count, sign):
    """The best value at a number of segments and its compactness."""
    values = []
    for curve, compactness in zip(curves, COMPACTNESS):
        points = sorted((r["segments"], r[measure]) for r in curve)
        x = np.log([p[0] for p in points])
        if x[0] <= np.log(count) <= x[-1]:
            parabola = np.polyfit(x, np.log([p[1] for p in points]), 2)
            values.append((float(np.exp(np.polyval(parabola, np.log(count)))),
                           float(compactness)))
    return min(values, key=lambda v: sign * v[0])


for scene in sys.argv[3:] or SCENES:
    compare(scene)
