# /// script
# requires-python = ">=3.11"
# dependencies = ["pyyaml>=6"]
# ///
"""Checks the authored corpus: vocabulary, slots, duplicates, templates per tag.

    uv run training/lint_corpus.py [--minimum 30] [--quiet]

Prints one line a finding and ends with 1 when there is an error; warnings do not change the exit code.
"""

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
# A name in braces after one of these is the shell's, curl's, git's or a template language's, not a slot.
NAME = re.compile(r"(?<![$%^@{])\{([a-z][a-z0-9_]*)\}")
MAX_TAGS = 6


@dataclass(frozen=True)
class Template:
    text: str
    tags: tuple[str, ...]
    file: str


def main() -> int:
    options = parse_options()
    vocabulary = [tag["id"] for tag in json.loads(options.tags.read_text(encoding="utf-8"))["tags"]]
    slots = yaml.safe_load((options.corpus / "slots.yaml").read_text(encoding="utf-8"))
    errors: list[str] = []
    templates = list(read_templates(options.corpus, errors))
    errors += tag_errors(templates, set(vocabulary))
    errors += slot_errors(slots)
    errors += duplicate_errors(templates)
    counts = Counter(tag for template in templates for tag in template.tags)
    errors += [f"{tag}: {counts[tag]} templates" for tag in vocabulary if counts[tag] < options.minimum]
    if not options.quiet:
        print(*coverage(counts, vocabulary), *brace_warnings(templates, set(slots)), sep="\n")
    print(*(f"error: {error}" for error in errors), sep="\n", end="\n" if errors else "")
    print(f"{len(templates)} templates, {sum(counts[tag] > 0 for tag in vocabulary)} of {len(vocabulary)} tags, "
          f"fewest {min(counts[tag] for tag in vocabulary)}, {len(errors)} errors")
    return 1 if errors else 0


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, default=ROOT / "training" / "corpus")
    parser.add_argument("--tags", type=Path, default=ROOT / "schema" / "tags.json")
    parser.add_argument("--minimum", type=int, default=1, help="fewest templates a tag may have")
    parser.add_argument("--quiet", action="store_true", help="print errors and the summary only")
    return parser.parse_args()


def read_templates(folder: Path, errors: list[str]) -> Iterator[Template]:
    """Every well-formed template; what cannot be read becomes an error."""
    for path in sorted(folder.glob("*.yaml")):
        if path.name == "slots.yaml":
            continue
        try:
            entries = yaml.safe_load(path.read_text(encoding="utf-8")) or []
        except yaml.YAMLError as problem:
            errors.append(f"{path.name}: not YAML: {problem}")
            continue
        for at, entry in enumerate(entries):
            if not _is_entry(entry):
                errors.append(f"{path.name}: entry {at} is not {{tags: [text], text: [text]}}")
                continue
            yield from (Template(text, tuple(entry["tags"]), path.name) for text in entry["text"])


def _is_entry(entry: object) -> bool:
    if not isinstance(entry, dict) or set(entry) != {"tags", "text"} or not entry["text"]:
        return False
    return all(isinstance(part, list) and all(isinstance(item, str) for item in part) for part in entry.values())


def tag_errors(templates: list[Template], vocabulary: set[str]) -> Iterator[str]:
    for file, tags in sorted({(template.file, template.tags) for template in templates}):
        for tag in sorted(set(tags) - vocabulary):
            yield f"{file}: unknown tag {tag}"
        if len(set(tags)) < len(tags):
            yield f"{file}: a tag twice in {list(tags)}"
        if len(tags) > MAX_TAGS:
            yield f"{file}: more than {MAX_TAGS} tags in {list(tags)}"


def slot_errors(slots: dict[str, list]) -> Iterator[str]:
    for name, values in slots.items():
        if not values or len({str(value) for value in values}) < len(values):
            yield f"slots.yaml: {name} is empty or repeats a value"
        for value in values:
            yield from (f"slots.yaml: {name} names an unknown slot {inner}"
                        for inner in NAME.findall(str(value)) if inner not in slots)


def duplicate_errors(templates: list[Template]) -> Iterator[str]:
    first: dict[str, Template] = {}
    for template in templates:
        other = first.setdefault(template.text.strip(), template)
        if other is not template:
            same = set(other.tags) == set(template.tags)
            how = "repeats" if same else f"tagged {list(template.tags)}, but {list(other.tags)}"
            yield f"{template.file}: {template.text!r} {how} in {other.file}"


def brace_warnings(templates: list[Template], slots: set[str]) -> Iterator[str]:
    for template in templates:
        for name in NAME.findall(template.text):
            if name not in slots:
                yield f"warning: {template.file}: no slot {name} in {template.text[:100]!r}"


def coverage(counts: Counter, vocabulary: list[str]) -> Iterator[str]:
    """Tags with the fewest templates first."""
    for tag in sorted(vocabulary, key=lambda tag: (counts[tag], tag)):
        yield f"{counts[tag]:5} {tag}"


if __name__ == "__main__":
    sys.exit(main())
