"""Measures the artifact and writes MODEL_CARD.md."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import evaluate
import export
from artifact import Artifact, check_invariance
from calibrate import calibrated
from data import Dataset, Row

PARTS = {
    "linux_gold + commands_tagged": ("gold", "tagged"),
    "linux_gold": ("gold",),
    "commands_tagged": ("tagged",),
    "k8s_gold + k8s_authored": ("k8s_gold", "k8s_authored"),
    "k8s_gold": ("k8s_gold",),
    "k8s_authored": ("k8s_authored",),
}


def measure(dataset: Dataset, scores: dict[str, np.ndarray], calibration: tuple[float, float]) -> dict:
    """Every quality number of the card, from out-of-fold scores."""
    rows, public = dataset.folded, dataset.public_held
    report: dict = {"ranking": {}, "selection": {}}
    for name, sources in PARTS.items():
        at = [at for at, row in enumerate(rows) if row.source in sources]
        report["ranking"][name] = evaluate.ranking(scores["folded"][at], [rows[i].tags for i in at])
        score = calibrated(scores["folded"][at], *calibration)
        report["selection"][name] = evaluate.selection(score, [rows[i].tags for i in at])
    name = "commands_public, held-out tenth"
    report["ranking"][name] = evaluate.ranking(scores["public"], [row.tags for row in public])
    score = calibrated(scores["public"], *calibration)
    report["selection"][name] = evaluate.selection(score, [row.tags for row in public])
    report["groups"], report["tags"] = _by_tag(dataset, scores)
    return report


def _by_tag(dataset: Dataset, scores: dict[str, np.ndarray]) -> tuple[dict, dict]:
    tags = [row.tags for row in dataset.folded + dataset.public_held]
    both = np.concatenate([scores["folded"], scores["public"]])
    groups = evaluate.recall_by(both, tags, [tag["group"] for tag in dataset.vocabulary])
    return groups, evaluate.recall_by(both, tags, [tag["id"] for tag in dataset.vocabulary])


def measure_int8(scorer, rows: list[Row], raw: np.ndarray, tags: int) -> dict:
    """Ranking of one fold by float and by the int8 graph of the same weights."""
    with tempfile.TemporaryDirectory() as folder:
        export.write_artifact(Path(folder), scorer, [], 0.1, 0.0)
        quantised = Artifact(Path(folder)).dense([row.text for row in rows], tags)
    gold = [row.tags for row in rows]
    return {"float": evaluate.ranking(raw, gold), "int8": evaluate.ranking(quantised, gold)}


def measure_artifact(out: Path, texts: list[str], tags: int) -> dict:
    """Speed, memory and batch invariance of the shipped graph, size of the folder."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(texts[:4000], file)
        file.flush()
        command = [sys.executable, str(Path(__file__).parent / "speed.py"), str(out), file.name]
        speed = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    checked = texts[:400]
    different = check_invariance(Artifact(out), checked, tags)
    size = sum(path.stat().st_size for path in out.iterdir())
    return speed | {"checked": len(checked), "different": different, "bytes": size}


def write(out: Path, report: dict, facts: dict) -> None:
    """MODEL_CARD.md from the report; `facts` are the figures that are no metric."""
    text = TEMPLATE.format(
        ranking=_table(report["ranking"], ("rows", "recall", "any_hit", "all_covered", "single", "top1")),
        selection=_table(report["selection"], ("precision", "recall", "f1", "tagless_rows", "tagless_selected")),
        int8=_table(report["int8"], ("rows", "recall", "any_hit", "all_covered", "top1")),
        groups=_recalls(report["groups"]),
        worst=_recalls(_worst(report["tags"])),
        untested=361 - len(report["tags"]),
        megabytes=f"{report['artifact']['bytes'] / 1e6:.1f}",
        speed=f"{report['artifact']['texts_per_second']:,.0f}",
        tokens=f"{report['artifact']['tokens']:.0f}",
        rss=f"{report['artifact']['rss_mb']:.0f}",
        checked=report["artifact"]["checked"],
        different=report["artifact"]["different"],
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
