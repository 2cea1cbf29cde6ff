# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy>=2", "onnxruntime>=1.22", "tokenizers>=0.21"]
# ///
"""Measures an artifact alone in its process: `uv run training/speed.py ARTIFACT TEXTS.json`; prints one JSON line."""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("artifact", type=Path)
    parser.add_argument("texts", type=Path, help="a JSON array of texts")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--budget", type=int, default=4096, help="padded tokens a batch")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    graph = str(options.artifact / "model.onnx")
    session = onnxruntime.InferenceSession(graph, settings, providers=["CPUExecutionProvider"])
    encoder = json.loads((options.artifact / "manifest.json").read_text())["encoder"]
    tokenizer = Tokenizer.from_file(str(options.artifact / "tokenizer.json"))
    texts = list(dict.fromkeys(json.loads(options.texts.read_text())))
    rates = []
    for _ in range(options.rounds):
        begun = time.perf_counter()
        tokens = label_all(session, tokenizer, encoder, texts, options.budget)
        rates.append(len(texts) / (time.perf_counter() - begun))
    print(json.dumps({"texts": len(texts), "texts_per_second": max(rates), "tokens": tokens, "rss_mb": peak_memory_mb()}))


def peak_memory_mb() -> float:
    """Peak resident memory of this process; getrusage would give the parent's where that was larger."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def label_all(session, tokenizer, encoder: dict, texts: list[str], budget: int) -> float:
    """Labels all texts in batches of one length bucket; the mean number of tokens."""
    rows = [found.ids for found in tokenizer.encode_batch_fast([text[: encoder["max_chars"]] for text in texts])]
    buckets: dict[int, list[list[int]]] = {}
    for row in rows:
        buckets.setdefault(next(size for size in encoder["length_buckets"] if size >= len(row)), []).append(row)
    for length, members in buckets.items():
        count = max(1, budget // length)
        for start in range(0, len(members), count):
            run(session, members[start : start + count], length)
    return sum(map(len, rows)) / len(rows)


def run(session, rows: list[list[int]], length: int) -> None:
    ids = np.zeros((len(rows), length), np.int64)
    mask = np.zeros_like(ids)
    for at, row in enumerate(rows):
        ids[at, : len(row)] = row
        mask[at, : len(row)] = 1
    session.run(None, {"input_ids": ids, "attention_mask": mask, "k": np.array([5])})


if __name__ == "__main__":
    main()
