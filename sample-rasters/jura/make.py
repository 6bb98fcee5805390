#!/usr/bin/python3
"""Makes this folder's files from the survey's own grid and points (gstat's `jura` data).

    make.py jura_landuse_rock_50m_rotated.tif jura_landuse_rock_50m_localgrid.tif jura_points.gpkg samples.csv

The rotated original is resampled (nearest) to a north-up 50 m grid whose corners are multiples of
50 m; the rotated and the CRS-less file are copied as they are, as inputs for tests. Every point
gets the fold of its row in samples.csv.
"""
import csv
import math
import os
import sys

from osgeo import gdal, ogr

gdal.UseExceptions()
ogr.UseExceptions()
rotated, local, points, samples = sys.argv[1:]
here = os.path.dirname(os.path.abspath(__file__))
source = gdal.Open(rotated)
t, w, h = source.GetGeoTransform(), source.RasterXSize, source.RasterYSize
corners = [(t[0] + c * t[1] + r * t[2], t[3] + c * t[4] + r * t[5])
           for c in (0, w) for r in (0, h)]
left, right = (f(x for x, _ in corners) for f in (min, max))
bottom, top = (f(y for _, y in corners) for f in (min, max))
bounds = (math.floor(left / 50) * 50, math.floor(bottom / 50) * 50,
          math.ceil(right / 50) * 50, math.ceil(top / 50) * 50)
warped = gdal.Warp("", source, format="MEM", outputBounds=bounds, xRes=50, yRes=50,
                   resampleAlg="near", errorThreshold=0)
valid = warped.GetRasterBand(1).ReadAsArray() != 0
rows, columns = valid.any(1).nonzero()[0], valid.any(0).nonzero()[0]
window = (int(columns[0]), int(rows[0]), int(columns[-1] - columns[0] + 1),
          int(rows[-1] - rows[0] + 1))
options = ["COMPRESS=DEFLATE", "TILED=NO", "PREDICTOR=2", "INTERLEAVE=BAND"]
for path, data, w in (("landuse_rock.tif", warped, window),
                      ("landuse_rock_rotated.tif", source, None),
                      ("landuse_rock_nocrs.tif", gdal.Open(local), None)):
    data = gdal.Translate("", data, format="MEM", srcWin=w) if w else data
    for i, name in enumerate(("landuse", "rock"), 1):
        data.GetRasterBand(i).SetDescription(name)
    gdal.GetDriverByName("GTiff").CreateCopy(os.path.join(here, path), data, options=options)

folds = [row["fold"] for row in csv.DictReader(open(samples))]
target = os.path.join(here, "points.gpkg")
if os.path.exists(target):
    os.remove(target)
gdal.VectorTranslate(target, points, layerName="points", format="GPKG",
                     layerCreationOptions=["SPATIAL_INDEX=NO"])
data = ogr.Open(target, 1)
layer = data.GetLayer(0)
layer.CreateField(ogr.FieldDefn("fold", ogr.OFTInteger))
rows = list(csv.DictReader(open(samples)))
for feature, row in zip(layer, rows):
    g = feature.GetGeometryRef()
    assert abs(g.GetX() - float(row["x"])) < 1e-3 and abs(g.GetY() - float(row["y"])) < 1e-3
    feature.SetField("fold", int(row["fold"]))
    layer.SetFeature(feature)
assert layer.GetFeatureCount() == len(rows)
