"""Measures the artifact and writes MODEL_CARD.md."""

import json
import tempfile
from pathlib import Path

import numpy as np

import cascade
import evaluate
import export
from artifact import Artifact, check_invariance
from calibrate import Calibration, calibrated
from cascade import Both
from data import Dataset, Row

PARTS = {
    "linux_gold + commands_tagged": ("gold", "tagged"),
    "linux_gold": ("gold",),
    "commands_tagged": ("tagged",),
    "k8s_gold + k8s_authored": ("k8s_gold", "k8s_authored"),
    "k8s_gold": ("k8s_gold",),
    "k8s_authored": ("k8s_authored",),
}


def measure(dataset: Dataset, scores: dict, scales: Calibration) -> dict:
    """Every quality number of the card that comes from out-of-fold scores."""
    report: dict = {"ranking": {}, "selection": {}}
    for name, rows, both in _parts(dataset, scores):
        tags = [row.tags for row in rows]
        asked = float(cascade.unsure(both, scales).mean())
        for tier, of_tier in cascade.TIERS.items():
            found = of_tier(both, scales)
            share = {"fast": 0.0, "balanced": asked, "accurate": 1.0}[tier]
            report["ranking"][f"{name}, {tier}"] = evaluate.ranking(found, tags) | {"second_stage": share}
            report["selection"][f"{name}, {tier}"] = evaluate.selection(found, tags)
    name, public = "commands_public, 5 folds, fast", dataset.public + dataset.public_held
    report["ranking"][name] = evaluate.ranking(scores["public_folds"], [row.tags for row in public]) | {"second_stage": 0}
    found = calibrated(scores["public_folds"], *scales.first)
    report["selection"][name] = evaluate.selection(found, [row.tags for row in public])
    report["groups"], report["tags"] = _by_tag(dataset, scores, scales)
    return report


def _parts(dataset: Dataset, scores: dict) -> list[tuple[str, list[Row], Both]]:
    parts = []
    for name, sources in PARTS.items():
        at = [at for at, row in enumerate(dataset.folded) if row.source in sources]
        both = Both(*(part[at] for part in scores["folded"]))
        parts.append((name, [dataset.folded[i] for i in at], both))
    return [*parts, ("commands_public, held-out tenth", dataset.public_held, scores["held"])]


def _by_tag(dataset: Dataset, scores: dict, scales: Calibration) -> tuple[dict, dict]:
    tags = [row.tags for row in dataset.folded + dataset.public_held]
    found = np.concatenate([cascade.balanced(scores[part], scales) for part in ("folded", "held")])
    groups = evaluate.recall_by(found, tags, [tag["group"] for tag in dataset.vocabulary])
    return groups, evaluate.recall_by(found, tags, [tag["id"] for tag in dataset.vocabulary])


def measure_int8(models: tuple, kept: list[int], rows: list[Row], whole: np.ndarray) -> dict:
    """Ranking of one fold by float and by the int8 graphs of the same weights, every text through both stages."""
    with tempfile.TemporaryDirectory() as folder:
        export.write_artifact(Path(folder), *models, kept, [], Calibration())
        quantised = Artifact(Path(folder)).dense([row.text for row in rows], whole.shape[1], "accurate")
    gold = [row.tags for row in rows]
    return {"float": evaluate.ranking(whole, gold), "int8": evaluate.ranking(quantised, gold)}


def measure_eval(folder: Path, out: Path, dataset: Dataset) -> dict:
    """The shipped artifact on the independent test set, which nothing was trained on."""
    artifact, tags = Artifact(out), [tag["id"] for tag in dataset.vocabulary]
    rows = [json.loads(line) | {"file": path.stem} for path in sorted(folder.glob("*.jsonl")) for line in path.open()]
    gold = [tuple(tags.index(tag) for tag in row["behavior_tags"]) for row in rows]
    report: dict = {"ranking": {}, "selection": {}}
    for tier in cascade.TIERS:
        found = artifact.dense([row["raw"] for row in rows], len(tags), tier)
        for name, files in (("all", None), ("multi_tag", {"multi_tag"}), ("obfuscated", {"obfuscated"})):
            at = [at for at, row in enumerate(rows) if files is None or row["file"] in files]
            picked = [gold[i] for i in at]
            report["ranking"][f"{name}, {tier}"] = evaluate.ranking(found[at], picked)
            report["selection"][f"{name}, {tier}"] = evaluate.selection(found[at], picked)
        plain = [row for row in rows if row["file"] == "obfuscated" and "plain" in row]
        position = [tuple(tags.index(tag) for tag in row["plain_tags"]) for row in plain]
        clear = artifact.dense([row["plain"] for row in plain], len(tags), tier)
        report["ranking"][f"obfuscated, before obfuscation, {tier}"] = evaluate.ranking(clear, position)
        by_tag = evaluate.recall_by(found, gold, tags)
        report[f"macro_{tier}"] = float(np.mean([hit / wanted for hit, wanted in by_tag.values()]))
        report[f"never_{tier}"] = sorted(tag for tag, (hit, _) in by_tag.items() if hit == 0)
        report[f"tags_{tier}"] = len(by_tag)
    return report


def measure_artifact(out: Path, texts: list[str], tags: int) -> dict:
    """Batch invariance of the shipped graphs, and the size of the folder."""
    checked = texts[:400]
    different = check_invariance(Artifact(out), checked, tags)
    size = sum(path.stat().st_size for path in out.iterdir())
    return {"checked": len(checked), "different": different, "bytes": size}


def write(out: Path, report: dict, facts: dict) -> None:
    """MODEL_CARD.md from the report; `facts` are the figures that are no metric."""
    ranked = ("rows", "recall", "any_hit", "all_covered", "single", "top1")
    selected = ("precision", "recall", "f1", "tagless_rows", "tagless_selected")
    tests, artifact = report["eval"], report["artifact"]
    text = TEMPLATE.format(
        ranking=_table(report["ranking"], (*ranked, "second_stage")),
        selection=_table(report["selection"], selected),
        eval_ranking=_table(tests["ranking"], ranked),
        eval_selection=_table(tests["selection"], selected),
        eval_macro=", ".join(f"{tier} {tests[f'macro_{tier}']:.3f}" for tier in cascade.TIERS),
        eval_tags=tests["tags_balanced"],
        eval_never=", ".join(tests["never_balanced"]) or "none",
        int8=_table(report["int8"], ranked[:4] + ranked[5:]),
        groups=_recalls(report["groups"]),
        worst=_recalls(_worst(report["tags"])),
        untested=361 - len(report["tags"]),
        megabytes=f"{artifact['bytes'] / 1e6:.1f}",
        checked=artifact["checked"],
        different=artifact["different"],
        **facts,
    )
    (out / "MODEL_CARD.md").write_text(text, encoding="utf-8")


def _table(rows: dict[str, dict[str, float]], columns: tuple[str, ...]) -> str:
    lines = ["| | " + " | ".join(columns) + " |", "|---|" + "---:|" * len(columns)]
    for name, values in rows.items():
        cells = [str(values[c]) if c.endswith("rows") else f"{values[c]:.3f}" for c in columns]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _recalls(counts: dict[str, tuple[int, int]]) -> str:
    lines = ["| | found | wanted | recall@5 |", "|---|---:|---:|---:|"]
    for name, (found, wanted) in sorted(counts.items(), key=lambda item: item[1][0] / item[1][1]):
        lines.append(f"| {name} | {found} | {wanted} | {found / wanted:.3f} |")
    return "\n".join(lines)


def _worst(tags: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    often = {name: count for name, count in tags.items() if count[1] >= 5}
    return dict(sorted(often.items(), key=lambda item: item[1][0] / item[1][1])[:25])


def save_report(report: dict, path: Path) -> None:
    path.write_text(json.dumps(report, indent=1))


TEMPLATE = (Path(__file__).parent / "card-template.md").read_text(encoding="utf-8")
