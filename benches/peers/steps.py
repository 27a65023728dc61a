"""One full training step (forward, loss, backward, Adam) in PyTorch, float32, for the shapes of `telar bench train/…`.

PyTorch as its manual recommends it: fused attention, fused Adam, gradients set to None. Prints the same JSON as ours.
"""

import argparse
import json
import math
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F

SHAPES = {
    "train/tutorial": dict(vocabulary=25_670, d=128, heads=4, layers=1, widening=2, batch=32, time=64, gpt=False),
    "train/nano": dict(vocabulary=512, d=256, heads=8, layers=6, widening=4, batch=16, time=128, gpt=True),
    "train/char": dict(vocabulary=65, d=128, heads=4, layers=4, widening=4, batch=12, time=64, gpt=True),
}


class Block(nn.Module):
    """GPT-2's block (pre-norm), or the tutorial's (post-norm); both with GELU in its tanh form."""

    def __init__(self, d, heads, widening, gpt):
        super().__init__()
        self.heads, self.gpt = heads, gpt
        self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.up, self.down = nn.Linear(d, widening * d), nn.Linear(widening * d, d)

    def attend(self, x):
        batch, length, d = x.shape
        q, k, v = self.qkv(x).view(batch, length, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(y.transpose(1, 2).reshape(batch, length, d))

    def feed(self, x):
        return self.down(F.gelu(self.up(x), approximate="tanh"))

    def forward(self, x):
        if self.gpt:
            x = x + self.attend(self.norm1(x))
            return x + self.feed(self.norm2(x))
        x = self.norm1(x + self.attend(x))
        return self.norm2(x + self.feed(x))


class Decoder(nn.Module):
    """GPT-2 with a tied head and learned positions, or the tutorial's model."""

    def __init__(self, vocabulary, d, heads, layers, widening, time, gpt, **_):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, d)
        nn.init.normal_(self.embed.weight, std=0.02)
        if gpt:
            self.positions = nn.Parameter(0.02 * torch.randn(time, d))
        else:
            angles = torch.arange(time)[:, None] * torch.exp(-math.log(10_000) * torch.arange(0, d, 2) / d)
            self.register_buffer("positions", torch.stack((angles.sin(), angles.cos()), -1).reshape(time, d))
        self.blocks = nn.Sequential(*(Block(d, heads, widening, gpt) for _ in range(layers)))
        self.norm = nn.LayerNorm(d) if gpt else nn.Identity()
        self.head = nn.Linear(d, vocabulary, bias=not gpt)
        if gpt:
            self.head.weight = self.embed.weight

    def forward(self, ids):
        return self.head(self.norm(self.blocks(self.embed(ids) + self.positions)))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", choices=SHAPES)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--samples", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    shape = SHAPES[options.work]
    model = Decoder(**shape)
    adam = torch.optim.Adam(model.parameters(), lr=1e-3, betas=(0.9, 0.99), eps=1e-8, fused=True)
    ids, targets = torch.randint(shape["vocabulary"], (2, shape["batch"], shape["time"]))
    samples = []
    for step in range(options.samples + 2):
        start = time.perf_counter()
        adam.zero_grad(set_to_none=True)
        loss = F.cross_entropy(model(ids).flatten(0, 1), targets.flatten())
        loss.backward()
        adam.step()
        loss.item()
        if step >= 2:
            samples.append(time.perf_counter() - start)
    result = {"work": options.work, "device": f"cpu, PyTorch {torch.__version__}", "unit": "s"}
    print(json.dumps(result | {"samples": samples, "median": statistics.median(samples)}))


if __name__ == "__main__":
    main()
