"""Rows to train on: tagged data files, tag definitions, the authored corpus; folds and augmentation."""

import hashlib
import json
import random
import re
from dataclasses import dataclass, replace
from pathlib import Path

FOLDS = 5
LINUX_FILES = {"gold": "secebl/linux_gold.dev.jsonl", "tagged": "secebl/commands_tagged.dev.jsonl"}
K8S_FILES = {"k8s_gold": "secebl/k8s_gold.dev.jsonl", "k8s_authored": "k8s_authored.dev.jsonl"}
PUBLIC_FILE = "commands_public.dev.jsonl"
IPV4 = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")
SLOT = re.compile(r"\{([a-z][a-z0-9_]*)\}")


@dataclass(frozen=True)
class Row:
    """A text with its tags (positions in the vocabulary). `fold` is -1 for rows never tested on."""

    text: str
    tags: tuple[int, ...]
    source: str
    fold: int = -1


@dataclass(frozen=True)
class Dataset:
    vocabulary: list[dict]
    folded: list[Row]
    public: list[Row]
    public_held: list[Row]
    definitions: list[Row]

    @property
    def tag_texts(self) -> list[dict[str, str]]:
        return [{"label_id": t["id"], "axis": t["group"], "text": tag_text(t)} for t in self.vocabulary]


def tag_text(tag: dict) -> str:
    """What stands for a tag in words: its definition, or its id until it has one."""
    return tag["definition"] or tag["id"].replace("_", " ")


def digest(text: str) -> int:
    """A stable number for a text: folds and seeds must not depend on the Python process."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def load_dataset(data: Path, tags_file: Path) -> Dataset:
    """All rows; sessions and authored rows get a fold, public rows a held-out tenth by first word."""
    vocabulary = json.loads(tags_file.read_text(encoding="utf-8"))["tags"]
    position = {tag["id"]: at for at, tag in enumerate(vocabulary)}
    folded = []
    for source, name in (LINUX_FILES | K8S_FILES).items():
        for raw in _lines(data / name):
            folded.append(_row(raw, source, position, digest(raw.get("session_id") or raw["raw"]) % FOLDS))
    known = {row.text for row in folded}
    public = [_row(raw, "public", position) for raw in _lines(data / PUBLIC_FILE)]
    public = [row for row in public if row.text not in known]
    held = [row for row in public if _is_held(row)]
    kept = [row for row in public if not _is_held(row)]
    definitions = []
    for at, tag in enumerate(vocabulary):
        words = tag["id"].replace("_", " ")
        definitions += [Row(text, (at,), "definition") for text in dict.fromkeys((tag_text(tag), words))]
    return Dataset(vocabulary, folded, kept, held, definitions)


def _is_held(row: Row) -> bool:
    return digest(_first_word(row)) % 10 == 0


def first_word_fold(row: Row) -> int:
    """The fold of a public row: all commands of one program are in one."""
    return digest("fold " + _first_word(row)) % FOLDS


def _first_word(row: Row) -> str:
    words = row.text.split()
    return words[1] if words[0] == "sudo" and len(words) > 1 else words[0]


def _row(raw: dict, source: str, position: dict[str, int], fold: int = -1) -> Row:
    tags = tuple(position[tag] for tag in raw["behavior_tags"])
    return Row(raw["raw"].strip(), tags, source, fold)


def _lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def load_corpus(folder: Path, vocabulary: list[dict]) -> list[tuple[str, tuple[int, ...]]]:
    """Templates of the authored corpus with their tags; empty when there is no corpus."""
    import yaml

    position = {tag["id"]: at for at, tag in enumerate(vocabulary)}
    templates = []
    for path in sorted(folder.glob("*.yaml")):
        if path.name == "slots.yaml":
            continue
        for entry in yaml.safe_load(path.read_text(encoding="utf-8")) or []:
            unknown = [tag for tag in entry["tags"] if tag not in position]
            if unknown:
                raise ValueError(f"{path.name}: unknown tags {unknown}")
            tags = tuple(position[tag] for tag in entry["tags"])
            templates += [(str(text), tags) for text in entry["text"]]
    return templates


def load_eval_texts(folder: Path) -> set[str]:
    """The texts of the independent test set: never trained on, even where the corpus came to the same text by itself."""
    return {row["raw"].strip() for path in sorted(folder.glob("*.jsonl")) for row in _lines(path)}


def load_slots(folder: Path) -> dict[str, list[str]]:
    import yaml

    path = folder / "slots.yaml"
    found = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {name: [str(value) for value in values] for name, values in (found or {}).items()}


def expand(templates, slots: dict[str, list[str]], rng: random.Random, copies: int = 1) -> list[Row]:
    """Fills every template's slots `copies` times; an unknown slot name is text; doubled braces are single ones."""

    def fill(match: re.Match) -> str:
        return rng.choice(slots[match[1]]) if match[1] in slots else match[0]

    rows = []
    for text, tags in templates:
        for _ in range(copies):
            filled = text
            for _ in range(3):  # slots may name slots
                filled = SLOT.sub(fill, filled)
            filled = filled.replace("{{", "{").replace("}}", "}")
            rows.append(Row(filled.strip(), tags, "corpus"))
    return rows


def without(rows: list[Row], texts: set[str]) -> list[Row]:
    """Rows whose text is none of `texts`: no tested text may be trained on."""
    return [row for row in rows if row.text not in texts]


def deduplicate(rows: list[Row]) -> list[Row]:
    """The first row of every text, so that gold wins over later sources."""
    return list({row.text: row for row in reversed(rows)}.values())[::-1]


def augment(row: Row, others: list[Row], rng: random.Random) -> Row:
    """Now and then another address, a sudo, a shell around the command, or a second command behind it."""
    if row.source in ("definition", *K8S_FILES) or row.text.startswith("k8s_audit "):
        return row
    text = row.text
    if rng.random() < 0.5:
        text = IPV4.sub(lambda match: _address(match[0], rng), text)
    chance = rng.random()
    if chance < 0.08:
        text = text.removeprefix("sudo ") if text.startswith("sudo ") else f"sudo {text}"
    elif chance < 0.12 and "'" not in text:
        text = f"{rng.choice(['sh', 'bash', '/bin/sh'])} -c '{text}'"
    elif chance < 0.20 and row.tags:
        other = rng.choice(others)
        if other.tags and not other.text.startswith("k8s_audit ") and len(text) + len(other.text) < 160:
            joined = text + rng.choice(["; ", " && ", " || "]) + other.text
            return replace(row, text=joined, tags=tuple(dict.fromkeys(row.tags + other.tags)))
    return replace(row, text=text)


def _address(address: str, rng: random.Random) -> str:
    """Another address of the same kind: private stays private, local stays local."""
    parts = address.split(".")
    if parts[0] in ("0", "127", "255", "169"):
        return address
    keep = 2 if parts[0] in ("10", "172", "192") else 0
    fresh = [str(rng.randint(11, 223) if at == 0 else rng.randint(1, 254)) for at in range(4)]
    return ".".join(parts[:keep] + fresh[keep:])
