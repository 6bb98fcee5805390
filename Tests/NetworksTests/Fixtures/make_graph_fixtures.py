"""Makes graph.json and graph-weighted.json beside this script: the graph network as torch-geometric
computes it, without and with weights of the edges between segments.

Without an argument it makes the first, with "weighted" the second. Run with torch and torch_geometric installed; made with torch 2.15 and torch_geometric 2.8.
"""
import json
import pathlib
import sys

import torch
from torch import nn
from torch_geometric.nn import GCNConv, GraphConv, SGConv, global_mean_pool
from torch_geometric.utils import to_undirected

torch.manual_seed(7)
BANDS, WIDTH, OUTPUT, HOPS = 3, 5, 4, 3
ROWS, COLUMNS = 7, 9

segments = torch.tensor([[min(c // 3, 2) + 3 * min(r // 3, 1) for c in range(COLUMNS)] for r in range(ROWS)])
segments[2, 2] = 4  # touches by a corner only and is cut off from the rest of segment 4
segments[6, 8] = 2
flat = segments.flatten()
order = torch.sort(flat, stable=True).indices  # pixels by segment, ascending inside
place = torch.empty_like(order)
place[order] = torch.arange(len(order))
inside, outside = set(), set()
for r in range(ROWS):
    for c in range(COLUMNS):
        for dr in (-1, 0, 1):
            for dc in (-1, 0, 1):
                y, x = r + dr, c + dc
                if (dr, dc) == (0, 0) or not (0 <= y < ROWS and 0 <= x < COLUMNS):
                    continue
                a, b = int(segments[r, c]), int(segments[y, x])
                if a != b:
                    outside.add((a, b))
                elif dr == 0 or dc == 0:
                    inside.add((int(place[r * COLUMNS + c]), int(place[y * COLUMNS + x])))
inside = torch.tensor(sorted(inside)).T
outside = torch.tensor(sorted(outside)).T
weights = None
if sys.argv[1:] == ["weighted"]:
    # The same at both ends of an edge, and from numbers of their own.
    draws = torch.rand(int(flat.max()) + 1, int(flat.max()) + 1,
                       generator=torch.Generator().manual_seed(11))
    weights = torch.tensor([0.05 + float(draws[min(a, b), max(a, b)]) for a, b in outside.T.tolist()])
batch = flat[order]
pixels = torch.randn(ROWS * COLUMNS, BANDS)[order]


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.internal = SGConv(BANDS, WIDTH, K=HOPS)
        self.bn = nn.ModuleList(nn.BatchNorm1d(WIDTH) for _ in range(3))
        self.external1 = GCNConv(WIDTH, WIDTH)
        self.external2 = GraphConv(WIDTH, WIDTH)
        self.dense = nn.Linear(WIDTH, OUTPUT)

    def forward(self, x):
        h = global_mean_pool(torch.relu(self.internal(x, inside)), batch)
        h0 = self.bn[0](h)
        h1 = self.bn[1](torch.relu(self.external1(h0, outside, weights)))
        h2 = self.bn[2](torch.relu(self.external2(h1, outside, weights)))
        return torch.relu(self.dense(h0 + h2))


network = Network()
with torch.no_grad():
    for norm in network.bn:
        norm.weight.uniform_(0.5, 1.5)
        norm.bias.uniform_(-0.5, 0.5)
        norm.running_mean.uniform_(-0.2, 0.4)
        norm.running_var.uniform_(0.3, 1.2)
    network.external1.bias.uniform_(-0.2, 0.5)

names = {
    "internal.weight": network.internal.lin.weight, "internal.bias": network.internal.lin.bias,
    "external1.weight": network.external1.lin.weight, "external1.bias": network.external1.bias,
    "external2.relation.weight": network.external2.lin_rel.weight,
    "external2.relation.bias": network.external2.lin_rel.bias,
    "external2.root.weight": network.external2.lin_root.weight,
    "dense.weight": network.dense.weight, "dense.bias": network.dense.bias,
}
for i, norm in enumerate(network.bn):
    names[f"bn{i}.weight"], names[f"bn{i}.bias"] = norm.weight, norm.bias


def buffers():
    return {f"bn{i}.{n}": getattr(norm, n).tolist() for i, norm in enumerate(network.bn)
            for n in ("running_mean", "running_var")}


def numbers(tensor):
    return tensor.detach().flatten().tolist()


# S^K X by the layer itself: its linear part set to the identity.
copy = SGConv(BANDS, BANDS, K=HOPS, bias=False)
copy.lin.weight.data = torch.eye(BANDS)
result = {
    "bandCount": BANDS, "width": WIDTH, "output": OUTPUT, "hops": HOPS,
    "rows": ROWS, "columns": COLUMNS, "segments": flat.tolist(),
    "pixelStart": [0] + torch.cumsum(torch.bincount(batch), 0).tolist(),
    "propagated": numbers(copy(pixels, inside)),
    "neighborStart": [0] + torch.cumsum(torch.bincount(outside[0]), 0).tolist(),
    "neighbors": outside[1].tolist(),
    **({} if weights is None else {"weights": numbers(weights)}),
    "parameters": {n: numbers(p) for n, p in names.items()},
    "buffers": buffers(),
}
seed = torch.randn(int(batch.max()) + 1, OUTPUT)
result["featureGradient"] = numbers(seed)
for mode in ("inference", "training"):
    network.train(mode == "training")
    network.zero_grad()
    features = network(pixels)
    (features * seed).sum().backward()
    result[mode] = {"features": numbers(features),
                    "gradients": {n: numbers(p.grad) for n, p in names.items()}}
result["buffersAfter"] = buffers()
target = pathlib.Path(__file__).parent / ("graph.json" if weights is None else "graph-weighted.json")
target.write_text(json.dumps(result) + "\n")
