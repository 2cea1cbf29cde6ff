"""Runs an artifact as the product does: length buckets of the text alone, token-budget batches, onnxruntime."""

from pathlib import Path

import numpy as np
import onnxruntime

import encoder as enc

BUDGET = 4096


class Artifact:
    """An opened artifact; `labels` gives scores and tag positions, best first."""

    def __init__(self, folder: Path, threads: int = 2) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self.tokenizer = enc.load_tokenizer()

    def run(self, rows: list[list[int]], length: int, k: int) -> tuple[np.ndarray, np.ndarray]:
        ids, mask = enc.pad(rows, length)
        feed = {"input_ids": ids.numpy(), "attention_mask": mask.numpy(), "k": np.array([k])}
        scores, indices = self.session.run(None, feed)
        return scores, indices

    def labels(self, texts: list[str], k: int = 5) -> tuple[np.ndarray, np.ndarray]:
        rows = enc.tokenize(self.tokenizer, texts)
        scores, indices = np.zeros((len(rows), k), np.float32), np.zeros((len(rows), k), np.int64)
        for length, picked in bucket_batches(rows):
            scores[picked], indices[picked] = self.run([rows[at] for at in picked], length, k)
        return scores, indices

    def dense(self, texts: list[str], tags: int) -> np.ndarray:
        """Calibrated scores of all tags in vocabulary order."""
        scores, indices = self.labels(texts, tags)
        out = np.zeros_like(scores)
        np.put_along_axis(out, indices, scores, axis=1)
        return out


def bucket_batches(rows: list[list[int]], budget: int = BUDGET) -> list[tuple[int, list[int]]]:
    """Batches of one length bucket each, at most `budget` padded tokens."""
    by_bucket: dict[int, list[int]] = {}
    for at, row in enumerate(rows):
        by_bucket.setdefault(enc.bucket_of(len(row)), []).append(at)
    return [
        (bucket, members[start : start + max(1, budget // bucket)])
        for bucket, members in sorted(by_bucket.items())
        for start in range(0, len(members), max(1, budget // bucket))
    ]


def check_invariance(artifact: Artifact, texts: list[str], tags: int, sizes: tuple[int, ...] = (2, 7, 64)) -> int:
    """How many of the texts' results differ in any bit between alone and in batches of these sizes."""
    rows = enc.tokenize(artifact.tokenizer, texts)
    different = set()
    for size in sizes:
        for length, picked in bucket_batches(rows, 1 << 30):
            for start in range(0, len(picked), size):
                part = picked[start : start + size]
                scores, indices = artifact.run([rows[at] for at in part], length, tags)
                for at, score, index in zip(part, scores, indices):
                    alone, order = artifact.run([rows[at]], length, tags)
                    if not (np.array_equal(alone[0], score) and np.array_equal(order[0], index)):
                        different.add(at)
    return len(different)
