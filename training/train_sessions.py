# /// script
# requires-python = ">=3.11"
# dependencies = ["scikit-learn>=1.5", "scipy>=1.13", "numpy>=2"]
# ///
"""Trains the session model of an artifact: `uv run training/train_sessions.py` (after train.py).

Each session is learnt twice: from the labels of models that never saw it (oof.py writes them while train.py cross-validates),
as wrong as labels of new commands are, and from the artifact's own labels, which are right for most of its commands. Both
occur where the model runs. A session's two forms are in the same fold; figures are printed for each form. Excerpts of
sessions, down to single events, are learnt beside them with half a session's weight: those of normal sessions as normal, so
that a short session is not suspicious for being short, and those of intrusions that show an explicit attack as intrusions.
Coefficients of what an attack adds (its tags, markers, chains, intensity) may not be negative, so that an attack among many
ordinary events does not hide; `pairs` of sessions with one more event, an attack or an ordinary one, say how well that holds.
An event without any label counts as normal. Features come from the product's code
(session-features.ts): there is one definition of them. The file is fitted on all sessions.
"""

import argparse
import hashlib
import json
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from sklearn.feature_extraction import DictVectorizer
from sklearn.model_selection import StratifiedKFold

ROOT = Path(__file__).resolve().parent.parent
OUT_OF_FOLD = ROOT / "training" / ".cache" / "oof_sessions.jsonl"
SEED, C, FOLDS, REPEATS, THRESHOLD, EXCERPT_WEIGHT = 17, 0.1, 5, 6, 0.5, 0.3
INTENSITY = re.compile(r"event_intensity_(mean|max|over_)|tail16_(event_intensity|marker)|explicit_attack_ratio")
OPERATING_POINTS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)


class Model(NamedTuple):
    """Feature names in order, their scales, coefficients and intercept."""

    names: DictVectorizer
    scale: np.ndarray
    coef: np.ndarray
    intercept: float

    def probability(self, features: list[dict]) -> np.ndarray:
        logit = self.names.transform(features) / self.scale @ self.coef + self.intercept
        return 1 / (1 + np.exp(-logit))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--labels", type=Path, default=OUT_OF_FOLD, help="out-of-fold labels of the sessions")
    parser.add_argument("--out", type=Path, default=ROOT / "models" / "tagsmith-small")
    options = parser.parse_args()
    forms = {"the artifact's own labels": options.data / "secebl" / "sessions.dev.jsonl"}
    if options.labels.exists():
        forms["labels of models that never saw the session"] = options.labels
    loaded = {name: load(path) for name, path in forms.items()}
    sessions = list(loaded.values())
    intrusion = np.array([session["expected"] == "intrusion" for session in sessions[0]])
    print(f"sessions {len(intrusion)}, intrusions {intrusion.sum()}, {FOLDS} folds dealt {REPEATS} times")
    probability, alarms, hidden = out_of_fold(sessions, intrusion)
    table = ["| labels | accuracy | attack recall | normal recall | excerpts of normal sessions judged intrusions |", "|---|---:|---:|---:|---:|"]
    for name, row, rates in zip(loaded, probability, alarms):
        print(name)
        report(row, intrusion)
        found = row >= THRESHOLD
        figures = (found == intrusion).mean(), found[:, intrusion].mean(), (~found[:, ~intrusion]).mean(), np.mean(rates)
        table.append(f"| {name} | " + " | ".join(f"{figure:.3f}" for figure in figures) + " |")
    print("\n".join(table), f"\nan attack lowered the risk below an ordinary event's in {np.mean(hidden):.4f} of the pairs")
    points = operating_points(probability.reshape(-1, len(intrusion)), intrusion)
    write(options.out, fit(sessions, np.arange(len(intrusion))), points)
    write_card(options.out / "MODEL_CARD.md", len(intrusion), table, points, float(np.mean(hidden)))


def load(rows: Path) -> list[dict]:
    """The sessions with features and excerpts, in the order of their ids."""
    node = ROOT / "node_modules" / ".bin" / "node"
    command = [str(node), "--conditions=source", str(ROOT / "training" / "session-features.ts"), str(rows)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return sorted((json.loads(line) for line in lines), key=lambda session: session["session_id"])


def fit(forms: list[list[dict]], rows: np.ndarray) -> Model:
    """Weighted logistic regression with L2 penalty; both verdicts weigh alike."""
    features, label, weight = [{"schema_bias": 1.0, "events": 1.0}], [False], [len(rows) / 20]
    for session in (form[at] for form in forms for at in rows):
        excerpts = session["excerpts"]
        features += [session["features"], *excerpts]
        label += [session["expected"] == "intrusion"] * (1 + len(excerpts))
        weight += [1.0] + [EXCERPT_WEIGHT / len(excerpts) for _ in excerpts]
    labels, weights = np.array(label), np.array(weight)
    for side in (labels, ~labels):
        weights[side] *= len(forms) * len(rows) / 2 / weights[side].sum()
    names = DictVectorizer(sparse=False)
    table = names.fit_transform(features)
    middle = np.average(table, axis=0, weights=weights)
    scale = np.sqrt(np.maximum(np.average((table - middle) ** 2, axis=0, weights=weights), 0))
    scale[scale < 1e-9] = 1.0
    coef = minimise(table / scale, np.where(labels, 1.0, -1.0), weights, [bound(name) for name in names.feature_names_])
    return Model(names, scale, coef[:-1], float(coef[-1]))


def minimise(table: np.ndarray, sign: np.ndarray, weights: np.ndarray, bounds: list[tuple]) -> np.ndarray:
    """Coefficients and intercept, which is penalised too, as liblinear does."""

    def loss(v: np.ndarray) -> tuple[float, np.ndarray]:
        margin = sign * (table @ v[:-1] + v[-1])
        pull = -sign * weights / (1 + np.exp(np.minimum(margin, 500)))
        gradient = np.concatenate([C * (table.T @ pull), [C * pull.sum()]]) + v
        return C * float(weights @ np.logaddexp(0, -margin)) + 0.5 * float(v @ v), gradient

    start = np.zeros(table.shape[1] + 1)
    options = {"maxiter": 1000, "ftol": 1e-12}
    return minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[*bounds, (None, None)], options=options).x


def attack_profile() -> tuple[set[str], set[str]]:
    """Tags that are an explicit attack by themselves, and their families."""
    tags = json.loads((ROOT / "schema" / "tags.json").read_text(encoding="utf-8"))["tags"]
    attacks = [tag for tag in tags if (tag.get("risk") or {}).get("explicit_attack")]
    return {tag["id"] for tag in attacks}, {tag["risk"].get("family") for tag in attacks}


ATTACKS, ATTACK_FAMILIES = attack_profile()


def bound(name: str) -> tuple[float | None, float | None]:
    """The sign that a feature's coefficient may have."""
    kind, _, of = name.partition("::")
    if kind.startswith("tag_") and of in ATTACKS or kind.startswith("family_") and of in ATTACK_FAMILIES:
        return 0.0, None
    if INTENSITY.search(kind) or kind in ("marker_count_log", "marker_ratio") or kind.startswith("chain_"):
        return 0.0, None
    return (None, 0.0) if kind in ("operational_only_ratio", "routine_maintenance_ratio") else (None, None)


def out_of_fold(forms: list[list[dict]], intrusion: np.ndarray) -> tuple[np.ndarray, list[list[float]], list[float]]:
    """Probabilities by form, repeat and session; by form and fold the share of excerpts above the threshold; by fold the
    share of pairs in which the attack has the lower risk.

    Some hundred sessions: one deal of the folds says little.
    """
    probability = np.zeros((len(forms), REPEATS, len(intrusion)))
    alarms: list[list[float]] = [[] for _ in forms]
    hidden = []
    for repeat in range(REPEATS):
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED + repeat)
        for train, test in folds.split(intrusion, intrusion):
            model = fit(forms, train)
            for form, row, rates in zip(forms, probability[:, repeat], alarms):
                row[test] = model.probability([form[at]["features"] for at in test])
                excerpts = [excerpt for at in test if not intrusion[at] for excerpt in form[at]["excerpts"]]
                rates.append((model.probability(excerpts) >= THRESHOLD).mean())
            pairs = [pair for at in test for pair in forms[0][at]["pairs"]]
            risk = [model.probability([pair[side] for pair in pairs]) for side in ("attack", "ordinary")]
            hidden.append(float((risk[0] < risk[1] - 1e-9).mean()))
    return probability, alarms, hidden


def operating_points(probability: np.ndarray, intrusion: np.ndarray) -> list[dict[str, float]]:
    """What each threshold brings on unseen sessions, over both forms of their labels."""
    return [
        {
            "threshold": threshold,
            "false_alarm_rate": round(float((probability[:, ~intrusion] >= threshold).mean()), 4),
            "attack_recall": round(float((probability[:, intrusion] >= threshold).mean()), 4),
        }
        for threshold in OPERATING_POINTS
    ]


def report(probability: np.ndarray, intrusion: np.ndarray) -> None:
    for threshold in (0.3, 0.4, THRESHOLD, 0.6, 0.7):
        found = probability >= threshold
        accuracy = (found == intrusion).mean(axis=1)
        recall, calm = found[:, intrusion].mean(), (~found[:, ~intrusion]).mean()
        print(
            f"  threshold {threshold}: accuracy {accuracy.mean():.4f} ({accuracy.min():.4f} to {accuracy.max():.4f}), "
            f"attack recall {recall:.4f}, normal recall {calm:.4f}"
        )


def write(out: Path, model: Model, points: list[dict[str, float]]) -> None:
    artifact = {
        "schema": "agentsmith_rev20_l2_ml_v1",
        "feature_schema": "agentsmith_rev20_l2_features_v1",
        "model_kind": "logistic_regression_l2",
        "threshold": 0.5,
        "model_threshold": THRESHOLD,
        "score_threshold": 0.5,
        "score_transform": "threshold_margin",
        "score_transform_scale": 1.3,
        "risk_policy_id": "rev20_tag_risk_policy_v11",
        "feature_names": list(model.names.feature_names_),
        "scale": model.scale.tolist(),
        "coef": model.coef.tolist(),
        "intercept": model.intercept,
        "operating_points": points,
    }
    text = json.dumps(artifact).encode()
    (out / "l2.json").write_bytes(text)
    manifest = json.loads((out / "manifest.json").read_text())
    manifest["session"] = {"model": "l2.json"}
    manifest["files"]["l2.json"] = {"sha256": hashlib.sha256(text).hexdigest(), "bytes": len(text)}
    (out / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


def write_card(card: Path, sessions: int, table: list[str], points: list[dict[str, float]], hidden: float) -> None:
    """Puts the figures into the card's section on sessions."""
    lines = ["| threshold | normal sessions judged intrusions | intrusions found |", "|---:|---:|---:|"]
    lines += [f"| {p['threshold']} | {p['false_alarm_rate']:.4f} | {p['attack_recall']:.4f} |" for p in points]
    section = f"""## Session model

`l2.json`, trained by `training/train_sessions.py` after the encoder: logistic regression over the session features,
{sessions} sessions and their excerpts, {FOLDS} folds dealt {REPEATS} times, threshold {THRESHOLD}.

{chr(10).join(table)}

What other thresholds bring on unseen sessions; `session.alert_budget` in the configuration chooses among them:

{chr(10).join(lines)}

One event more, an explicit attack or an ordinary one: the attack left the lower risk in {hidden:.2%} of the pairs.

"""
    text = card.read_text(encoding="utf-8")
    start, end = text.index("## Session model"), text.index("## Limits")
    card.write_text(text[:start] + section + text[end:], encoding="utf-8")


if __name__ == "__main__":
    main()
