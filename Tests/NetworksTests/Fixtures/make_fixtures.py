"""Makes the reference values beside this file with PyTorch.

    python3 -m venv /tmp/torch && /tmp/torch/bin/pip install torch numpy safetensors
    /tmp/torch/bin/python Tests/NetworksTests/Fixtures/make_fixtures.py
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

FOLDER = Path(__file__).parent
torch.manual_seed(20240601)
torch.use_deterministic_algorithms(True)


def save(name, tensors):
    save_file({key: value.detach().float().contiguous() for key, value in tensors.items()},
              FOLDER / f"{name}.safetensors")


def with_gradients(prefix, layer, x, result):
    """Runs a layer, draws a gradient of its outputs and keeps everything."""
    x = x.clone().requires_grad_()
    y = layer(x)
    u = torch.randn_like(y)
    y.backward(u)
    result.update({f"{prefix}.x": x, f"{prefix}.y": y, f"{prefix}.u": u, f"{prefix}.dx": x.grad})
    for key, value in layer.named_parameters():
        result[f"{prefix}.{key}"] = value
        result[f"{prefix}.d{key}"] = value.grad


def layers():
    result = {}
    with_gradients("conv1d", nn.Conv1d(3, 4, 3), torch.randn(5, 3, 8), result)
    with_gradients("conv2d", nn.Conv2d(3, 4, 3), torch.randn(5, 3, 6, 7), result)
    with_gradients("max1d", nn.MaxPool1d(2), torch.randn(3, 2, 7), result)
    # Few distinct values make ties.
    with_gradients("max2d", nn.MaxPool2d(2), torch.randint(0, 3, (3, 2, 5, 7)).float(), result)
    with_gradients("average2d", nn.AvgPool2d(3), torch.randn(3, 2, 7, 8), result)
    with_gradients("linear", nn.Linear(6, 4), torch.randn(5, 6), result)
    save("layers", result)


def losses():
    result = {}
    outputs = 3 * torch.randn(8, 4)
    weights = torch.rand(8) + 0.5

    def case(name, loss):
        z = outputs.clone().requires_grad_()
        value = loss(z)
        value.backward()
        result.update({f"{name}.value": value.reshape(1), f"{name}.gradient": z.grad})

    classes = torch.tensor([0, 1, 2, 3, -1, 1, 0, 3])
    labels = torch.rand(8, 4).round()
    labels[2, 1] = labels[5, 3] = float("nan")
    values = torch.randn(8, 4)
    values[1, 2] = float("nan")
    positive = torch.tensor([1.0, 2.0, 0.5, 3.0])
    class_weights = torch.tensor([0.5, 1.0, 2.0, 1.5])
    known, numbers = ~labels.isnan(), ~values.isnan()
    spread = weights[:, None].expand(8, 4)
    case("softmax", lambda z: F.cross_entropy(z, classes, ignore_index=-1))
    case("softmax-weighted", lambda z: F.cross_entropy(
        z, classes, weight=class_weights, ignore_index=-1))
    case("sigmoid", lambda z: F.binary_cross_entropy_with_logits(z[known], labels[known]))
    case("sigmoid-weighted", lambda z: (F.binary_cross_entropy_with_logits(
        z, labels.nan_to_num(), pos_weight=positive, reduction="none") * spread)[known].sum()
        / spread[known].sum())
    case("linear", lambda z: F.mse_loss(z[numbers], values[numbers]))
    result.update({"outputs": outputs, "classes": classes, "labels": labels, "values": values,
                   "weights": weights, "positive": positive, "class-weights": class_weights})
    save("losses", result)


def adam():
    result = {}
    layer = nn.Linear(3, 2)
    result.update({"start.weight": layer.weight.clone(), "start.bias": layer.bias.clone()})
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.02, weight_decay=0.1)
    for step in range(6):
        layer.weight.grad, layer.bias.grad = torch.randn(2, 3), torch.randn(2)
        result.update({f"gradient{step}.weight": layer.weight.grad.clone(),
                       f"gradient{step}.bias": layer.bias.grad.clone()})
        nn.utils.clip_grad_norm_(layer.parameters(), 2.0)
        optimizer.step()
        result.update({f"after{step}.weight": layer.weight.clone(),
                       f"after{step}.bias": layer.bias.clone()})
    save("adam", result)


class Model(nn.Module):
    """Twelve bands; a spectral and a patch branch; three classes. The test has the same form."""

    def __init__(self):
        super().__init__()
        self.spectral = nn.ModuleDict({
            "conv1": nn.Conv1d(1, 6, 4), "conv2": nn.Conv1d(6, 5, 4), "dense": nn.Linear(5, 7)})
        self.patch = nn.ModuleDict({
            "conv1": nn.Conv2d(12, 5, 3), "conv2": nn.Conv2d(5, 4, 2), "dense": nn.Linear(16, 6)})
        self.head = nn.ModuleDict({"hidden1": nn.Linear(13, 8), "output": nn.Linear(8, 3)})

    def forward(self, spectra, windows):
        s, p, h = self.spectral, self.patch, self.head
        x = F.max_pool1d(F.relu(s["conv1"](spectra[:, None])), 2)
        x = F.relu(s["dense"](F.relu(s["conv2"](x)).flatten(1)))
        y = F.max_pool2d(F.relu(p["conv1"](windows)), 2)
        y = F.avg_pool2d(F.relu(p["conv2"](y)), 2)
        y = F.relu(p["dense"](y.flatten(1)))
        return h["output"](F.relu(h["hidden1"](torch.cat([x, y], 1))))


def model():
    result = {}
    network = Model()
    spectra = torch.randn(5, 12, requires_grad=True)
    windows = torch.randn(5, 12, 13, 13, requires_grad=True)
    outputs = network(spectra, windows)
    upstream = torch.randn_like(outputs)
    outputs.backward(upstream)
    result.update({"spectra": spectra, "windows": windows, "outputs": outputs, "u": upstream,
                   "dspectra": spectra.grad, "dwindows": windows.grad[:, :2]})
    for key, value in network.named_parameters():
        result[f"parameter.{key}"] = value
        result[f"gradient.{key}"] = value.grad
    save("model", result)


if __name__ == "__main__":
    layers()
    losses()
    adam()
    model()
