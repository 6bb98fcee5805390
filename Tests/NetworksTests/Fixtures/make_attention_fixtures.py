"""Makes attention.safetensors beside this script: attentions of several heads by themselves, and the
whole model of a spectral and a patch branch joined by attention, as PyTorch computes them.

    python3 -m venv /tmp/torch && /tmp/torch/bin/pip install torch safetensors
    /tmp/torch/bin/python Tests/NetworksTests/Fixtures/make_attention_fixtures.py

Made with torch 2.15.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

FOLDER = Path(__file__).parent
torch.manual_seed(3)
torch.use_deterministic_algorithms(True)


def plain(tensors):
    return {key: torch.as_tensor(value).detach().float().contiguous().clone()
            for key, value in tensors.items()}


def named(attention):
    """The parameters of an attention by the names that model files use."""
    weights = attention.in_proj_weight.chunk(3), attention.in_proj_bias.chunk(3)
    for index, name in enumerate(("query", "key", "value")):
        yield f"{name}.weight", weights[0][index]
        yield f"{name}.bias", weights[1][index]
    yield "output.weight", attention.out_proj.weight
    yield "output.bias", attention.out_proj.bias


def gradients(attention):
    weights = attention.in_proj_weight.grad.chunk(3), attention.in_proj_bias.grad.chunk(3)
    for index, name in enumerate(("query", "key", "value")):
        yield f"{name}.weight", weights[0][index]
        yield f"{name}.bias", weights[1][index]
    yield "output.weight", attention.out_proj.weight.grad
    yield "output.bias", attention.out_proj.bias.grad


def attention(width, heads):
    layer = nn.MultiheadAttention(width, heads, batch_first=True)
    with torch.no_grad():
        # Biases begin at zero, where mistakes with them would not show; larger weights make sharper
        # shares.
        layer.in_proj_bias.uniform_(-0.5, 0.5)
        layer.out_proj.bias.uniform_(-0.5, 0.5)
        layer.in_proj_weight.mul_(2)
    return layer


def layers(result):
    for name, width, heads, samples, queries, keys in (
            ("self", 8, 2, 3, 7, None), ("cross", 12, 3, 2, 5, 9), ("one", 6, 1, 4, 1, 3)):
        layer = attention(width, heads)
        x = torch.randn(samples, queries, width, requires_grad=True)
        y = x if keys is None else torch.randn(samples, keys, width, requires_grad=True)
        outputs, weights = layer(x, y, y, need_weights=True, average_attn_weights=True)
        u = torch.randn_like(outputs)
        outputs.backward(u)
        result.update(plain({
            f"{name}.x": x, f"{name}.outputs": outputs, f"{name}.weights": weights,
            f"{name}.u": u, f"{name}.dx": x.grad}))
        if keys is not None:
            result.update(plain({f"{name}.y": y, f"{name}.dy": y.grad}))
        result.update(plain({f"{name}.parameter.{k}": v for k, v in named(layer)}))
        result.update(plain({f"{name}.gradient.{k}": v for k, v in gradients(layer)}))


class Branch(nn.Module):
    """What is done with the tokens of one branch."""

    def __init__(self, channels, count, width, heads):
        super().__init__()
        self.embedding = nn.Linear(channels, width)
        self.position = nn.Parameter(0.3 * torch.randn(count, width))
        self.own, self.cross = attention(width, heads), attention(width, heads)
        self.hidden = nn.Linear(width, width)
        self.score = nn.Linear(width, 1, bias=False)

    def attend(self, channels):
        tokens = self.embedding(channels) + self.position
        seen, self.own_weights = self.own(tokens, tokens, tokens)
        return tokens + seen

    def join(self, tokens, others):
        seen, self.cross_weights = self.cross(tokens, others, others)
        tokens = tokens + seen
        self.shares = self.score(torch.tanh(self.hidden(tokens))).squeeze(-1).softmax(1)
        return (self.shares[..., None] * tokens).sum(1)

    def parts(self):
        yield "embedding.weight", self.embedding.weight
        yield "embedding.bias", self.embedding.bias
        yield "position.weight", self.position
        yield "pooling.hidden.weight", self.hidden.weight
        yield "pooling.hidden.bias", self.hidden.bias
        yield "pooling.score.weight", self.score.weight


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.spectral1 = nn.Conv1d(1, 5, 3)
        self.patch1 = nn.Conv2d(2, 4, 2)
        self.spectral = Branch(5, 4, 8, 2)
        self.patch = Branch(4, 9, 8, 2)
        self.hidden, self.output = nn.Linear(16, 6), nn.Linear(6, 3)

    def forward(self, spectra, windows):
        one = F.max_pool1d(F.relu(self.spectral1(spectra[:, None])), 2).transpose(1, 2)
        two = F.relu(self.patch1(windows)).flatten(2).transpose(1, 2)
        one, two = self.spectral.attend(one), self.patch.attend(two)
        joined = torch.cat([self.spectral.join(one, two), self.patch.join(two, one)], 1)
        return self.output(F.relu(self.hidden(joined)))

    def named(self, of_attention, grad=False):
        own = (lambda v: v.grad) if grad else (lambda v: v)
        for name, layer in (("spectral.conv1", self.spectral1), ("patch.conv1", self.patch1),
                            ("head.hidden1", self.hidden), ("head.output", self.output)):
            yield f"{name}.weight", own(layer.weight)
            yield f"{name}.bias", own(layer.bias)
        for name, branch in (("spectral", self.spectral), ("patch", self.patch)):
            for key, value in branch.parts():
                yield f"fusion.{name}.{key}", own(value)
            for part, layer in (("self", branch.own), ("cross", branch.cross)):
                for key, value in of_attention(layer):
                    yield f"fusion.{name}.{part}.{key}", value


def model(result):
    network = Model()
    spectra = torch.randn(21, 10, requires_grad=True)
    windows = torch.randn(21, 2, 4, 4, requires_grad=True)
    classes = torch.randint(0, 3, (21,))
    outputs = network(spectra, windows)
    loss = F.cross_entropy(outputs, classes)
    loss.backward()
    result.update(plain({
        "model.spectra": spectra, "model.windows": windows, "model.classes": classes,
        "model.outputs": outputs, "model.loss": loss.reshape(1), "model.dspectra": spectra.grad,
        "model.dwindows": windows.grad}))
    for name, branch in (("spectral", network.spectral), ("patch", network.patch)):
        result.update(plain({
            f"model.{name}.self": branch.own_weights, f"model.{name}.cross": branch.cross_weights,
            f"model.{name}.shares": branch.shares}))
    result.update(plain({f"model.parameter.{k}": v for k, v in network.named(named)}))
    result.update(plain({f"model.gradient.{k}": v for k, v in network.named(gradients, True)}))


if __name__ == "__main__":
    result = {}
    layers(result)
    model(result)
    save_file(result, FOLDER / "attention.safetensors")
