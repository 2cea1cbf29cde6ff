"""The first stage: hashed words and character runs of a command, two bags of vectors, one hidden layer.

What a feature is says the product's code (src/label/command-features.ts, through read-texts.ts).
"""

import random
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import encoder as enc
from data import Row
from fit import loss_of

WORD_BITS, GRAM_BITS, DIMENSIONS, HIDDEN = 16, 15, 64, 256
KEPT_FEATURES, DROPOUT, BATCH = 0.6, 0.3, 256

Features = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class FirstPlan:
    """Passes over the data and the highest learning rate of the dense layers; tables learn three times as fast."""

    epochs: int = 9
    rate: float = 4e-3
    seed: int = 7


class FirstStage(nn.Module):
    """Two bags to one raw score a tag, before calibration."""

    def __init__(self, tags: int = 361) -> None:
        super().__init__()
        self.words = nn.EmbeddingBag(1 << WORD_BITS, DIMENSIONS, mode="sum")
        self.grams = nn.EmbeddingBag(1 << GRAM_BITS, DIMENSIONS, mode="sum")
        nn.init.normal_(self.words.weight, std=0.1)
        nn.init.normal_(self.grams.weight, std=0.1)
        self.norm = nn.LayerNorm(2 * DIMENSIONS)
        self.up = nn.Linear(2 * DIMENSIONS, HIDDEN)
        self.out = nn.Linear(HIDDEN + 2 * DIMENSIONS, tags)

    def forward(self, rows: list[Features]) -> torch.Tensor:
        bags = [self._bag(self.words, rows, 0), self._bag(self.grams, rows, 1)]
        x = F.dropout(self.norm(torch.cat(bags, 1)), DROPOUT, self.training)
        hidden = F.dropout(F.gelu(self.up(x)), DROPOUT, self.training)
        return self.out(torch.cat([hidden, x], 1))

    def _bag(self, table: nn.EmbeddingBag, rows: list[Features], family: int) -> torch.Tensor:
        parts = [row[family] for row in rows]
        counts = np.array([len(part) for part in parts])
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
        ids = (np.concatenate(parts) & (table.num_embeddings - 1)).astype(np.int64)
        root = np.sqrt(np.maximum(counts, 1)).astype(np.float32)
        return table(torch.from_numpy(ids), torch.from_numpy(starts)) / torch.from_numpy(root)[:, None]


def features(texts: list[str]) -> list[Features]:
    """Hashes of the words and of the character runs of each text, each once."""
    raw = enc.read_texts("features", texts)
    rows, at = [], 0
    while at < len(raw):
        words, grams = struct.unpack_from("<HH", raw, at)
        at += 4
        rows.append((np.frombuffer(raw, np.uint32, words, at), np.frombuffer(raw, np.uint32, grams, at + 4 * words)))
        at += 4 * (words + grams)
    return rows


def train_first(rows_of: Callable[[random.Random], list[Row]], plan: FirstPlan, name: str) -> FirstStage:
    """Trains one; `rows_of` gives the rows of each epoch. Features are dropped at random, so that none is all."""
    torch.manual_seed(plan.seed)
    rng, drop = random.Random(plan.seed), np.random.default_rng(plan.seed)
    model, threshold = FirstStage(), nn.Parameter(torch.tensor(4.0))
    optimiser = _optimiser(model, threshold, plan.rate)
    begun = time.time()
    for epoch in range(plan.epochs):
        rows = rows_of(rng)
        rng.shuffle(rows)
        read = features([row.text for row in rows])
        model.train()
        sum_loss, steps = 0.0, -(-len(rows) // BATCH)
        for step in range(steps):
            done = (epoch + step / steps) / plan.epochs
            for group in optimiser.param_groups:
                group["lr"] = group["peak"] * max(0.02, min(1.0, 120 * done) * (1 - done))
            part = slice(step * BATCH, (step + 1) * BATCH)
            kept = [tuple(f[drop.random(len(f)) < KEPT_FEATURES] for f in row) for row in read[part]]
            loss = loss_of(model(kept), *_targets(rows[part], threshold))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            sum_loss += loss.item()
        print(f"{name}: epoch {epoch + 1}/{plan.epochs} loss {sum_loss / steps:.3f} {time.time() - begun:.0f} s", flush=True)
    return model.eval()


def _optimiser(model: FirstStage, threshold: nn.Parameter, rate: float) -> torch.optim.Optimizer:
    tables = [model.words.weight, model.grams.weight]
    dense = [*model.norm.parameters(), *model.up.parameters(), *model.out.parameters()]
    groups = [{"params": tables, "peak": 3 * rate}, {"params": dense, "peak": rate}, {"params": [threshold], "peak": 0.02}]
    return torch.optim.Adam(groups, lr=rate)


def _targets(rows: list[Row], threshold: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    target = torch.zeros(len(rows), 361)
    for at, row in enumerate(rows):
        target[at, list(row.tags)] = 1.0
    return target, threshold, torch.tensor([2.0 if row.source == "gold" else 1.0 for row in rows])


@torch.no_grad()
def first_scores(model: FirstStage, texts: list[str]) -> np.ndarray:
    """Raw scores of all tags, [texts, tags]."""
    read = features(texts)
    return torch.cat([model(read[at : at + 256]) for at in range(0, len(read), 256)]).numpy()


def column_scales(table: torch.Tensor) -> np.ndarray:
    """One int8 scale a column: almost all values fit, the few largest are clipped."""
    return (np.quantile(np.abs(table.numpy()), 0.9999, axis=0) / 127).astype(np.float32)


def quantised_table(table: torch.Tensor) -> np.ndarray:
    return np.clip(np.rint(table.numpy() / column_scales(table)), -127, 127).astype(np.int8)
