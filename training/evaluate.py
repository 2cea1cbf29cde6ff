"""Ranking metrics of spec L1 and the metrics of selected tags."""

import numpy as np

MIN_SCORE, GAP, MAX_TAGS = 0.55, 0.12, 4


def ranking(scores: np.ndarray, tags: list[tuple[int, ...]], k: int = 5) -> dict[str, float]:
    """any-hit, all-covered, micro recall, single-label hit at k and top-1, over rows with a tag."""
    best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    rows = [(set(gold), list(top)) for gold, top in zip(tags, best.tolist()) if gold]
    found = np.array([len(gold & set(top)) for gold, top in rows])
    size = np.array([len(gold) for gold, _ in rows])
    first = np.array([top[0] in gold for gold, top in rows])
    return {
        "rows": len(rows),
        "recall": float(found.sum() / size.sum()),
        "any_hit": float((found > 0).mean()),
        "all_covered": float((found == size).mean()),
        "single": float((found[size == 1] == 1).mean()) if (size == 1).any() else float("nan"),
        "top1": float(first.mean()),
    }


def select(scores: np.ndarray) -> list[list[int]]:
    """The selected tags a row, by the rule min score 0.55, gap 0.12, at most 4."""
    best = np.argsort(-scores, axis=1, kind="stable")[:, :MAX_TAGS]
    picked = []
    for row, top in zip(scores, best):
        high = row[top[0]]
        picked.append([int(at) for at in top if row[at] >= MIN_SCORE and high - row[at] <= GAP])
    return picked


def selection(scores: np.ndarray, tags: list[tuple[int, ...]]) -> dict[str, float]:
    """Precision, recall and F1 of the selected tags; share of tagless rows with a selected tag."""
    picked = select(scores)
    hit = sum(len(set(p) & set(gold)) for p, gold in zip(picked, tags))
    chosen = sum(map(len, picked))
    wanted = sum(map(len, tags))
    bare = [bool(p) for p, gold in zip(picked, tags) if not gold]
    precision, recall = hit / max(chosen, 1), hit / max(wanted, 1)
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / max(precision + recall, 1e-9),
        "tagless_rows": len(bare),
        "tagless_selected": float(np.mean(bare)) if bare else float("nan"),
    }


def recall_by(scores: np.ndarray, tags: list[tuple[int, ...]], key: list[str], k: int = 5) -> dict[str, tuple[int, int]]:
    """Found and wanted tags at k for every value of `key` (a string a tag: its group, or its id)."""
    best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    counts: dict[str, tuple[int, int]] = {}
    for gold, top in zip(tags, best):
        for tag in gold:
            found, wanted = counts.get(key[tag], (0, 0))
            counts[key[tag]] = (found + int(tag in top), wanted + 1)
    return counts
