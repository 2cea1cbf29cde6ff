"""Runs an artifact as the product does: length buckets of the text alone, token-budget batches, onnxruntime."""

import functools
import json
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

import encoder as enc
import first_stage
from cascade import reaches_inside

BUDGET = 4096


class Artifact:
    """An opened artifact; `labels` gives scores and tag positions, best first."""

    def __init__(self, folder: Path, threads: int = 2) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        open_graph = functools.partial(
            onnxruntime.InferenceSession, sess_options=options, providers=["CPUExecutionProvider"]
        )
        self.session, self.first = open_graph(str(folder / "model.onnx")), open_graph(str(folder / "first.onnx"))
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        manifest = json.loads((folder / "manifest.json").read_text())["first_stage"]
        self.sure_from = manifest["sure_from"]
        bytes_of = np.frombuffer((folder / manifest["table"]).read_bytes(), np.int8).reshape(-1, manifest["dimensions"])
        self.tables = np.split(bytes_of, [1 << manifest["word_bits"]])

    def ask_first(self, texts: list[str], k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Scores and positions of the k best tags by the first stage, and its raw scores of all."""
        bags = [
            np.concatenate([self._bag(hashes, table) for hashes, table in zip(row, self.tables)])
            for row in first_stage.features(texts)
        ]
        scores, indices, raw = self.first.run(None, {"bags": np.stack(bags), "k": np.array([k])})
        return scores, indices, raw

    @staticmethod
    def _bag(hashes: np.ndarray, table: np.ndarray) -> np.ndarray:
        total = table[hashes & (len(table) - 1)].sum(0, dtype=np.int64)
        return (total / np.sqrt(max(1, len(hashes)))).astype(np.float32)

    def run(self, rows: list[list[int]], first: np.ndarray, length: int, k: int) -> tuple[np.ndarray, np.ndarray]:
        ids, mask = enc.pad(rows, length)
        feed = {"input_ids": ids.numpy(), "attention_mask": mask.numpy(), "first": first, "k": np.array([k])}
        scores, indices = self.session.run(None, feed)
        return scores, indices

    def labels(self, texts: list[str], k: int = 5, tier: str = "balanced") -> tuple[np.ndarray, np.ndarray]:
        scores, indices, raw = self.ask_first(texts, k)
        if tier == "fast":
            return scores, indices
        asked = np.flatnonzero((scores[:, 0] < self.sure_from) | reaches_inside(texts) | (tier == "accurate"))
        rows = enc.tokenize(self.tokenizer, [texts[at] for at in asked])
        for length, picked in bucket_batches(rows):
            at = asked[picked]
            scores[at], indices[at] = self.run([rows[one] for one in picked], raw[at], length, k)
        return scores, indices

    def dense(self, texts: list[str], tags: int, tier: str = "balanced") -> np.ndarray:
        """Calibrated scores of all tags in vocabulary order."""
        scores, indices = self.labels(texts, tags, tier)
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
    """How many of the texts' results, of either stage, differ in any bit between alone and in batches of these sizes."""
    rows = enc.tokenize(artifact.tokenizer, texts)
    alone = [artifact.ask_first([text], tags) for text in texts]
    different = set()
    for size in sizes:
        for start in range(0, len(texts), size):
            part = range(start, min(start + size, len(texts)))
            _, _, raw = artifact.ask_first([texts[at] for at in part], tags)
            different |= {at for at, row in zip(part, raw) if not np.array_equal(row, alone[at][2][0])}
        for length, picked in bucket_batches(rows, 1 << 30):
            for start in range(0, len(picked), size):
                part = picked[start : start + size]
                first = np.concatenate([alone[at][2] for at in part])
                scores, indices = artifact.run([rows[at] for at in part], first, length, tags)
                for at, score, index in zip(part, scores, indices):
                    one, order = artifact.run([rows[at]], alone[at][2], length, tags)
                    if not (np.array_equal(one[0], score) and np.array_equal(order[0], index)):
                        different.add(at)
    return len(different)
