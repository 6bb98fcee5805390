"""Makes fusion.safetensors and norm.safetensors beside this script: the whole model of a graph and
a spectral branch, and batch normalisation by itself, as PyTorch and torch-geometric compute them.

    python3 -m venv /tmp/torch && /tmp/torch/bin/pip install torch torch_geometric safetensors
    /tmp/torch/bin/python Tests/NetworksTests/Fixtures/make_fusion_fixtures.py

Made with torch 2.15 and torch_geometric 2.8. As in training on a map, the graph is a part of a
larger one: the segments of the samples first, then their neighbours, then the neighbours'
neighbours; the rest of the map counts in the degrees alone. A layer is made for the segments whose
neighbourhood is at hand, and those are the rows of its batch norm.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F
from torch_geometric.nn import GCNConv, GraphConv, SGConv, global_mean_pool

FOLDER = Path(__file__).parent
BANDS, WIDTH, OUTPUT, HOPS, CLASSES = 12, 6, 5, 3, 3
ROWS, COLUMNS = 14, 21
SAMPLES = 21
torch.manual_seed(1)
torch.use_deterministic_algorithms(True)


def save(name, tensors):
    save_file({key: torch.as_tensor(value).detach().float().contiguous()
               for key, value in tensors.items()}, FOLDER / f"{name}.safetensors")


def lattice():
    """Segments of three by three cells with ragged edges, and the edges inside and between."""
    labels = torch.tensor([[(r // 3) * 7 + c // 3 for c in range(COLUMNS)] for r in range(ROWS)])
    for r, c, label in ((2, 3, 0), (3, 5, 9), (8, 8, 24), (5, 0, 0), (2, 10, 4)):
        labels[r, c] = label
    inside, outside = set(), set()
    for r in range(ROWS):
        for c in range(COLUMNS):
            for y, x in ((r + 1, c), (r, c + 1), (r + 1, c + 1), (r + 1, c - 1)):
                if y >= ROWS or not 0 <= x < COLUMNS:
                    continue
                a, b = int(labels[r, c]), int(labels[y, x])
                if a != b:
                    outside |= {(a, b), (b, a)}
                elif y == r or x == c:
                    one, other = r * COLUMNS + c, y * COLUMNS + x
                    inside |= {(one, other), (other, one)}
    return labels.flatten(), sorted(inside), sorted(outside)


class Part:
    """The graph around the samples, its segments numbered anew by their distance."""

    def __init__(self, targets):
        labels, inside, outside = lattice()
        rings, seen = [sorted(targets)], set(targets)
        for _ in range(2):
            rings.append(sorted({b for a, b in outside if a in seen} - seen))
            seen |= set(rings[-1])
        rings.append(sorted(set(labels.tolist()) - seen))
        assert rings[3], "some segments should be out of reach"
        order = sum(rings, [])
        number = torch.empty(len(order), dtype=torch.long)
        number[torch.tensor(order)] = torch.arange(len(order))
        self.target_count = len(rings[0])
        self.inner_count = self.target_count + len(rings[1])
        self.count = self.inner_count + len(rings[2])
        self.total = len(order)
        self.number = number
        # The part's pixels by segment, ascending inside.
        own = number[labels]
        pixels = torch.sort(own, stable=True).indices
        pixels = pixels[own[pixels] < self.count]
        place = {int(pixel): index for index, pixel in enumerate(pixels)}
        self.segment = own[pixels]
        self.inside = torch.tensor(
            [(place[a], place[b]) for a, b in inside if a in place and b in place]).T
        ends = sorted((int(number[a]), int(number[b])) for a, b in outside)
        self.outside = torch.tensor(ends).T
        draws = torch.rand(self.total, self.total,
                           generator=torch.Generator().manual_seed(11))
        self.weights = torch.tensor([0.05 + float(draws[min(e), max(e)]) for e in ends])

    def description(self, weights):
        kept = (self.outside < self.count).all(0)
        begin, end = self.outside[:, kept]
        ones = torch.ones(self.outside.shape[1])
        all_weights = ones if weights is None else weights
        degrees = torch.zeros(self.total).index_add_(0, self.outside[0], all_weights)
        counts = torch.bincount(begin, minlength=self.count)
        return {"neighbor-start": F.pad(counts.cumsum(0), (1, 0)), "neighbors": end,
                "weights": all_weights[kept], "degrees": degrees[:self.count],
                "pixel-start": F.pad(torch.bincount(self.segment).cumsum(0), (1, 0)),
                "counts": torch.tensor([self.target_count, self.inner_count])}


class GraphBranch(nn.Module):
    def __init__(self):
        super().__init__()
        self.internal = SGConv(BANDS, WIDTH, K=HOPS)
        self.bn0, self.bn1, self.bn2 = (nn.BatchNorm1d(WIDTH) for _ in range(3))
        self.external1 = GCNConv(WIDTH, WIDTH)
        self.external2 = GraphConv(WIDTH, WIDTH)
        self.dense = nn.Linear(WIDTH, OUTPUT)
        self.internal.lin.register_forward_pre_hook(self.keep)
        with torch.no_grad():
            for norm in (self.bn0, self.bn1, self.bn2):
                norm.weight.uniform_(0.5, 1.5)
                norm.bias.uniform_(-0.5, 0.5)
                norm.running_mean.uniform_(-0.2, 0.4)
                norm.running_var.uniform_(0.3, 1.2)
            self.external1.bias.uniform_(-0.2, 0.5)

    def keep(self, _, inputs):
        """What the layer itself propagated, S^K X, whose gradient is wanted."""
        self.propagated = inputs[0]
        self.propagated.requires_grad_()
        self.propagated.retain_grad()

    def forward(self, pixels, part, weights):
        def whole(rows):
            return F.pad(rows, (0, 0, 0, part.total - len(rows)))

        pooled = global_mean_pool(F.relu(self.internal(pixels, part.inside)), part.segment)
        h0 = self.bn0(pooled)
        h1 = F.relu(self.external1(whole(h0), part.outside, weights))[:part.inner_count]
        h1 = self.bn1(h1)
        h2 = F.relu(self.external2(whole(h1), part.outside, weights))[:part.target_count]
        h2 = self.bn2(h2)
        return F.relu(self.dense(h0[:part.target_count] + h2))


class SpectralBranch(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv1d(1, 4, 3), nn.Conv1d(4, 3, 3)
        self.dense = nn.Linear(3, OUTPUT)

    def forward(self, spectra):
        x = F.max_pool1d(F.relu(self.conv1(spectra[:, None])), 2)
        x = F.max_pool1d(F.relu(self.conv2(x)), 2)
        return F.relu(self.dense(x.flatten(1)))


class Head(nn.Module):
    def __init__(self, fusion):
        super().__init__()
        if fusion == "gate":
            self.gate = nn.Linear(2 * OUTPUT, 2 * OUTPUT)
        self.fusion = fusion
        self.hidden1 = nn.Linear(OUTPUT if fusion == "gate" else 2 * OUTPUT, 6)
        self.output = nn.Linear(6, CLASSES)

    def forward(self, one, other):
        joined = torch.cat([one, other], 1)
        if self.fusion == "gate":
            shares = self.gate(joined).reshape(-1, 2, OUTPUT).softmax(1)
            joined = shares[:, 0] * one + shares[:, 1] * other
        return self.output(F.relu(self.hidden1(joined)))


class Model(nn.Module):
    def __init__(self, fusion):
        super().__init__()
        self.graph, self.spectral, self.head = GraphBranch(), SpectralBranch(), Head(fusion)
        # Few features should be zero, or gradients would be too small to tell anything.
        with torch.no_grad():
            for layer in (self.graph.dense, self.spectral.dense, self.head.hidden1):
                layer.weight.mul_(2)
                layer.bias.uniform_(0.1, 0.8)

    def forward(self, pixels, part, weights, segments, spectra):
        return self.head(
            self.graph(pixels, part, weights)[segments], self.spectral(spectra))

    def named(self):
        """The parameters by the names that model files use."""
        names = {"internal.lin": "internal", "external1.lin": "external1",
                 "lin_rel": "relation", "lin_root": "root"}
        for key, value in self.named_parameters():
            for old, new in names.items():
                key = key.replace(old, new)
            yield key, value

    def running(self):
        return {key: value.clone() for key, value in self.named_buffers() if "running" in key}


def steps(network, inputs, classes, class_weights):
    """Three steps of training: L1 on the internal convolution, a limit of the gradient, Adam."""
    optimizer = torch.optim.Adam(network.parameters(), lr=0.005, weight_decay=1e-3)
    network.train()
    for _ in range(3):
        optimizer.zero_grad()
        loss = F.cross_entropy(network(*inputs), classes, weight=class_weights)
        internal = network.graph.internal.lin
        (loss + 1e-2 * (internal.weight.abs().sum() + internal.bias.abs().sum())).backward()
        nn.utils.clip_grad_norm_(network.parameters(), 0.5)
        optimizer.step()


def fusion():
    targets = [0, 1, 8, 9]
    part = Part(targets)
    pixels = torch.randn(len(part.segment), BANDS)
    spectra = torch.randn(SAMPLES, BANDS)
    # Several samples share a segment, and the segments are not in the samples' order.
    segments = part.number[torch.tensor(targets)][torch.randint(0, 4, (SAMPLES,))]
    classes = torch.randint(0, CLASSES, (SAMPLES,))
    class_weights = torch.tensor([0.5, 1.0, 2.0])
    result = {"spectra": spectra, "segments": segments, "classes": classes,
              "class-weights": class_weights}
    for kind in ("concat", "gate"):
        for weights in (None, part.weights):
            case = kind if weights is None else f"{kind}-weighted"
            network = Model(kind)
            inputs = (pixels, part, weights, segments, spectra)
            if kind == "concat":
                graph = "graph" if weights is None else "graph-weighted"
                result.update({f"{graph}.{k}": v for k, v in part.description(weights).items()})
            result.update({f"{case}.parameter.{k}": v.clone() for k, v in network.named()})
            result.update({f"{case}.buffer.{k}": v for k, v in network.running().items()})
            for mode in ("inference", "training"):
                network.train(mode == "training")
                network.zero_grad()
                own = spectra.clone().requires_grad_()
                outputs = network(*inputs[:-1], own)
                loss = F.cross_entropy(outputs, classes, weight=class_weights)
                loss.backward()
                assert all(v.grad.abs().max() > 1e-4 for v in network.parameters())
                result["propagated"] = network.graph.propagated
                result.update({
                    f"{case}.{mode}.outputs": outputs, f"{case}.{mode}.loss": loss.reshape(1),
                    f"{case}.{mode}.dspectra": own.grad,
                    f"{case}.{mode}.dpropagated": network.graph.propagated.grad})
                result.update(
                    {f"{case}.{mode}.gradient.{k}": v.grad.clone() for k, v in network.named()})
            result.update({f"{case}.buffer-after.{k}": v for k, v in network.running().items()})
            steps(network, inputs, classes, class_weights)
            result.update({f"{case}.trained.{k}": v.clone() for k, v in network.named()})
            result.update({f"{case}.trained.{k}": v for k, v in network.running().items()})
    save("fusion", result)


def norm():
    layer = nn.BatchNorm1d(4)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([0.5, -1.2, 2.0, 1.0]))
        layer.bias.uniform_(-1, 1)
        layer.running_mean.uniform_(-1, 1)
        layer.running_var.uniform_(0.3, 2)
    x = 3 * torch.randn(17, 4) + torch.tensor([0.0, 5.0, -20.0, 100.0])
    u = torch.randn(17, 4)
    result = {"x": x, "u": u, "weight": layer.weight, "bias": layer.bias,
              "running_mean": layer.running_mean.clone(), "running_var": layer.running_var.clone()}
    for mode in ("inference", "training"):
        layer.train(mode == "training")
        layer.zero_grad()
        own = x.clone().requires_grad_()
        y = layer(own)
        y.backward(u)
        result.update({f"{mode}.y": y, f"{mode}.dx": own.grad,
                       f"{mode}.dweight": layer.weight.grad.clone(),
                       f"{mode}.dbias": layer.bias.grad.clone()})
    result.update({"after.running_mean": layer.running_mean, "after.running_var": layer.running_var})
    save("norm", result)


if __name__ == "__main__":
    fusion()
    norm()
