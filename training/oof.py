"""Labels of session commands by models that never saw the session: what L2 is trained on."""

import hashlib
import json
from pathlib import Path

import numpy as np

import cascade
from calibrate import Calibration
from data import FOLDS, digest


def save_session_labels(data: Path, target: Path, recipe, folds: list, scales: Calibration) -> None:
    """One line a command of sessions.dev.jsonl, in file order, with its five best tags and scores as `balanced` gives them.

    `index` counts within the session; the text itself is left out, its SHA-256 stands for it.
    """
    rows = [json.loads(line) for line in (data / "secebl/sessions.dev.jsonl").read_text().splitlines() if line]
    top = np.zeros((len(rows), 5), np.int64)
    score = np.zeros((len(rows), 5), np.float64)
    for fold in range(FOLDS):
        mine = [at for at, row in enumerate(rows) if digest(row["session_id"]) % FOLDS == fold]
        both = recipe.both_scores(folds[fold], [rows[at]["command"] for at in mine])
        found = cascade.balanced(both, scales)
        best = np.argsort(-found, axis=1, kind="stable")[:, :5]
        top[mine] = best
        score[mine] = np.take_along_axis(found, best, 1)
    names = [tag["id"] for tag in recipe.dataset.vocabulary]
    seen: dict[str, int] = {}
    with target.open("w", encoding="utf-8") as out:
        for at, row in enumerate(rows):
            index = seen[row["session_id"]] = seen.get(row["session_id"], -1) + 1
            labels = [[names[tag], round(float(value), 6)] for tag, value in zip(top[at], score[at])]
            line = {key: row[key] for key in ("session_id", "expected", "platform")}
            line |= {"index": index, "command_sha256": hashlib.sha256(row["command"].encode()).hexdigest()}
            out.write(json.dumps(line | {"top": labels}) + "\n")
