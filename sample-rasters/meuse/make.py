#!/usr/bin/python3
"""Makes this folder's files from the points and grids of the Meuse data set.

    make.py meuse_points.csv meuse_predictors_40m.tif meuse_grid_40m.tif samples.csv

Points keep their four metals and get the Dutch intervention values' labels and the fold of their row
in samples.csv. The layers are the twelve predictors and, of the second file, 'part_a' and 'part_b', an
arbitrary division of the area; of layers that both have, the first one's are taken.
"""
import csv
import os
import sys

from osgeo import gdal, ogr, osr

gdal.UseExceptions()
ogr.UseExceptions()
points, predictors, grid, samples = sys.argv[1:]
here = os.path.dirname(os.path.abspath(__file__))

sources = [gdal.Open(predictors), gdal.Open(grid)]
chosen = [(source, index) for source in sources for index in range(1, source.RasterCount + 1)]
names = [source.GetRasterBand(index).GetDescription() for source, index in chosen]
kept = [place for place, name in enumerate(names) if names.index(name) == place]
target = gdal.GetDriverByName("GTiff").Create(
    f"{here}/layers.tif", sources[0].RasterXSize, sources[0].RasterYSize, len(kept),
    gdal.GDT_Float32, ["COMPRESS=DEFLATE", "PREDICTOR=3", "INTERLEAVE=BAND"])
target.SetGeoTransform(sources[0].GetGeoTransform())
target.SetProjection(sources[0].GetProjection())
assert sources[0].GetGeoTransform() == sources[1].GetGeoTransform()
for number, place in enumerate(kept, 1):
    source, index = chosen[place]
    band, written = source.GetRasterBand(index), target.GetRasterBand(number)
    values = band.ReadAsArray().astype("float32")
    values[values == band.GetNoDataValue()] = -9999
    written.SetDescription(names[place])
    written.SetNoDataValue(-9999)
    written.WriteArray(values)
target = None

reference = osr.SpatialReference()
reference.ImportFromEPSG(28992)
path = f"{here}/points.gpkg"
if os.path.exists(path):
    os.remove(path)
file = ogr.GetDriverByName("GPKG").CreateDataSource(path)
layer = file.CreateLayer("points", reference, ogr.wkbPoint, ["SPATIAL_INDEX=NO"])
metals = {"Cd": "cadmium", "Cu": "copper", "Pb": "lead", "Zn": "zinc"}
for metal in metals:
    layer.CreateField(ogr.FieldDefn(metal, ogr.OFTReal))
labels = {f"{metal}_exceeds": f"{name}_gt_intervention" for metal, name in metals.items()}
labels["polluted"] = "polluted"
for label in [*labels, "fold"]:
    layer.CreateField(ogr.FieldDefn(label, ogr.OFTInteger))
folds = {(float(row["x"]), float(row["y"])): row["fold"] for row in csv.DictReader(open(samples))}
for row in csv.DictReader(open(points)):
    place = (float(row["x"]), float(row["y"]))
    feature = ogr.Feature(layer.GetLayerDefn())
    for field, column in [*metals.items(), *labels.items()]:
        feature[field] = float(row[column])
    feature["fold"] = int(folds[place])
    geometry = ogr.Geometry(ogr.wkbPoint)
    geometry.AddPoint_2D(*place)
    feature.SetGeometry(geometry)
    layer.CreateFeature(feature)
layer = None
file = None
