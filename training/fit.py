"""The training loop: loss, batches, optimiser, learning-rate plan."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn import functional as F

import encoder as enc
from data import Row
from encoder import Scorer


@dataclass(frozen=True)
class Plan:
    """How long and how fast to train; learning rates rise over `warmup` of the steps, then fall to zero."""

    epochs: float
    rate: float
    tag_rate: float
    warmup: float = 0.06
    tokens: int = 2048
    rows: int = 64
    seed: int = 7


def train(scorer: Scorer, tokenizer, rows_of: Callable[[random.Random], list[Row]], plan: Plan, name: str) -> None:
    """Trains in place; `rows_of` gives the rows of each epoch, so that augmentation varies."""
    rng = random.Random(plan.seed)
    torch.manual_seed(plan.seed)
    threshold = torch.nn.Parameter(torch.tensor(8.0))
    optimiser = _optimiser(scorer, threshold, plan)
    epochs = [_batches(rows_of(rng), tokenizer, plan, rng) for _ in range(round(plan.epochs))]
    total, step, begun = sum(map(len, epochs)), 0, time.time()
    scorer.train()
    for at, batches in enumerate(epochs):
        sum_loss = 0.0
        for ids, mask, target, weight in batches:
            for group in optimiser.param_groups:
                group["lr"] = group["peak"] * _rate(step / total, plan.warmup)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                unit = scorer.encoder(ids, mask)
            loss = loss_of(scorer.score(unit.float()), target, threshold, weight)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(scorer.parameters(), 1.0)
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
            sum_loss += loss.item()
            step += 1
        spent = time.time() - begun
        print(f"{name}: epoch {at + 1}/{len(epochs)} loss {sum_loss / len(batches):.3f} {spent:.0f} s", flush=True)
    scorer.eval()


def loss_of(raw: torch.Tensor, target: torch.Tensor, threshold: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Each gold tag against all tags that are not gold, and one sigmoid a tag so that no tag stays an answer."""
    others = raw.masked_fill(target > 0, float("-inf")).logsumexp(1, keepdim=True)
    each = F.softplus(others - raw) * target
    ranked = each.sum(1) / target.sum(1).clamp(min=1).sqrt()
    yes_no = F.binary_cross_entropy_with_logits(raw - threshold, target, reduction="none").sum(1)
    return ((ranked + 0.5 * yes_no) * weight).sum() / weight.sum()


def _rate(done: float, warmup: float) -> float:
    return done / warmup if done < warmup else (1 - done) / (1 - warmup)


def _optimiser(scorer: Scorer, threshold: torch.nn.Parameter, plan: Plan) -> torch.optim.Optimizer:
    groups = [
        {"params": list(scorer.encoder.parameters()), "lr": plan.rate, "weight_decay": 0.01},
        {"params": [scorer.tags, scorer.bias], "lr": plan.tag_rate, "weight_decay": 0.0},
        {"params": [threshold], "lr": 0.02, "weight_decay": 0.0},
    ]
    for group in groups:
        group["peak"] = group["lr"]
    return torch.optim.AdamW(groups, fused=True)


def _batches(rows: list[Row], tokenizer, plan: Plan, rng: random.Random) -> list[tuple[torch.Tensor, ...]]:
    """Shuffled batches of rows of like length: shuffle, sort within blocks, cut by token budget."""
    rows = rng.sample(rows, len(rows))
    ids = enc.tokenize(tokenizer, [row.text for row in rows])
    batches = []
    for start in range(0, len(rows), 40 * plan.rows):
        block = sorted(range(start, min(start + 40 * plan.rows, len(rows))), key=lambda at: len(ids[at]))
        for cut in enc.token_batches([len(ids[at]) for at in block], plan.tokens):
            picked = [block[at] for at in cut]
            batches += [picked[at : at + plan.rows] for at in range(0, len(picked), plan.rows)]
    rng.shuffle(batches)
    return [_tensors([rows[at] for at in batch], [ids[at] for at in batch]) for batch in batches]


def _tensors(rows: list[Row], ids: list[list[int]]) -> tuple[torch.Tensor, ...]:
    target = torch.zeros(len(rows), 361)
    for at, row in enumerate(rows):
        target[at, list(row.tags)] = 1.0
    weight = torch.tensor([2.0 if row.source == "gold" else 1.0 for row in rows])
    return *enc.pad(ids), target, weight
