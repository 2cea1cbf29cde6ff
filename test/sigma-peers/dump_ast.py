"""Prints what pySigma reads in rules, a line of JSON a file, in the form of `normal-form.ts`.

    uv run --no-project --with pysigma==2.0.1 python dump_ast.py FOLDER...
    uv run --no-project --with pysigma==2.0.1 python dump_ast.py --pipelines PIPELINE.yaml... -- RULE.yml...
    uv run --no-project --with pysigma==2.0.1 python dump_ast.py --filtered FILE.yml...
"""

import datetime
import json
import sys
from pathlib import Path

import sigma.conditions as conditions
import sigma.correlations as correlations
import sigma.types as types
from sigma.collection import SigmaCollection
from sigma.modifiers import reverse_modifier_mapping
from sigma.processing.pipeline import ProcessingPipeline
from sigma.rule import SigmaDetectionItem

FLAGS = {"IGNORECASE": "i", "MULTILINE": "m", "DOTALL": "s"}


def part(value):
    if isinstance(value, str):
        return value
    if isinstance(value, types.Placeholder):
        return {"placeholder": value.name}
    return {"wildcard": "*" if value == types.SpecialChars.WILDCARD_MULTI else "?"}


def parts(string):
    joined = []
    for value in string.s:
        if value == "":
            continue
        if isinstance(value, str) and joined and isinstance(joined[-1], str):
            joined[-1] += value
        else:
            joined.append(part(value))
    return joined


def value_of(value):
    match value:
        case types.SigmaString():
            return {"string": parts(value), "cased": isinstance(value, types.SigmaCasedString)}
        case types.SigmaTimestampPart():
            return {"timepart": value.timestamp_part.name.lower(), "op": "eq", "number": value.number}
        case types.SigmaNumber():
            return {"number": value.number}
        case types.SigmaBool():
            return {"boolean": value.boolean}
        case types.SigmaNull():
            return {"null": True}
        case types.SigmaRegularExpression():
            text = "".join(p if isinstance(p, str) else f"%{p['placeholder']}%" if "placeholder" in p else p["wildcard"]
                           for p in parts(value.regexp))
            return {"regex": text, "flags": "".join(sorted(FLAGS[flag.name] for flag in value.flags))}
        case types.SigmaCIDRExpression():
            return {"cidr": value.cidr}
        case types.SigmaCompareExpression():
            op = value.op.name.lower()
            if isinstance(value.number, types.SigmaTimestampPart):
                return {"timepart": value.number.timestamp_part.name.lower(), "op": op, "number": value.number.number}
            return {"compare": op, "number": value.number.number}
        case types.SigmaExists():
            return {"exists": value.exists}
        case types.SigmaFieldReference():
            return {"fieldref": value.field, "start": value.starts_with, "end": value.ends_with}
        case types.SigmaQueryExpression():
            return {"query": value.expr, "id": value.id}
        case types.SigmaExpansion():
            return {"any": expanded(value)}
    raise TypeError(type(value))


def expanded(value):
    if isinstance(value, types.SigmaExpansion):
        return [member for inner in value.values for member in expanded(inner)]
    return [value_of(value)]


def detection(node):
    if isinstance(node, SigmaDetectionItem):
        return {
            "field": node.field,
            "modifiers": [reverse_modifier_mapping[modifier.__name__] for modifier in node.modifiers],
            "linking": "all" if node.value_linking is conditions.ConditionAND else "any",
            "negated": node.negated,
            "values": [value_of(value) for value in node.value] or [{"null": True}],
        }
    linking = "all" if node.item_linking is conditions.ConditionAND else "any"
    return {"linking": linking, "members": [detection(member) for member in node.detection_items]}


def condition(node):
    while not isinstance(node, conditions.ConditionItem):
        (node,) = node
    match node:
        case conditions.ConditionIdentifier():
            return {"selection": node.identifier}
        case conditions.ConditionSelector():
            return {"of": "all" if node.cond_class is conditions.ConditionAND else "any", "pattern": node.pattern}
        case conditions.ConditionNOT():
            return {"not": condition(node.args[0])}
    name = "and" if isinstance(node, conditions.ConditionAND) else "or"
    return {name: [condition(arg) for arg in node.args]}


def plain(value):
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): plain(member) for key, member in value.items()}
    return [plain(member) for member in value] if isinstance(value, list) else value


def lower(value):
    return None if value is None else str(value).lower()


def expression(node):
    if isinstance(node, correlations.SigmaRuleReference):
        return {"rule": node.reference}
    if isinstance(node, correlations.CorrelationConditionNOT):
        return {"not": expression(node.args[0])}
    name = "and" if isinstance(node, correlations.CorrelationConditionAND) else "or"
    return {name: [expression(arg) for arg in node.args]}


def correlation(node):
    test = node.condition
    if isinstance(test, correlations.SigmaExtendedCorrelationCondition):
        shown = {"expression": expression(test.parsed)}
        rules = test.get_referenced_rules() if node.rules is None else [ref.reference for ref in node.rules]
    else:
        rules = [ref.reference for ref in node.rules]
        shown = {"op": test.op.name.lower(), "value": test.count, "percentile": test.percentile}
        shown["fields"] = test.fieldref if isinstance(test.fieldref, list) else [test.fieldref] if test.fieldref else []
    return {
        "title": node.title,
        "type": node.type.name.lower(),
        "rules": rules,
        "group_by": node.group_by or [],
        "seconds": node.timespan.seconds,
        "aliases": [[alias.alias, [[ref.reference, name] for ref, name in alias.mapping.items()]] for alias in node.aliases],
        "generate": node.generate,
        "test": shown,
    }


def rule(node):
    if isinstance(node, correlations.SigmaCorrelationRule):
        return correlation(node)
    source = node.logsource
    return {
        "title": node.title,
        "id": lower(node.id),
        "name": node.name,
        "taxonomy": node.taxonomy,
        "status": lower(node.status),
        "level": lower(node.level),
        "description": node.description,
        "license": node.license,
        "author": node.author,
        "date": plain(node.date),
        "modified": plain(node.modified),
        "references": [str(value) for value in node.references],
        "tags": [str(tag) for tag in node.tags],
        "fields": [str(value) for value in node.fields],
        "falsepositives": [str(value) for value in node.falsepositives],
        "scope": [str(value) for value in node.scope or []],
        "related": [[str(item.id).lower(), item.type.name.lower()] for item in (node.related.related if node.related else [])],
        "custom": plain(node.custom_attributes),
        "logsource": [source.category, source.product, source.service, source.definition],
        "detections": [[name, detection(node.detection[name])] for name in node.detection.detections],
        "conditions": [condition(parsed.parse(False)) for parsed in node.detection.parsed_condition],
    }


def read(path, pipeline=None):
    try:
        rules = SigmaCollection.from_yaml(path.read_text("utf-8"), resolve_references=False).rules
        return [rule(pipeline.apply(node) if pipeline else node) for node in rules]
    except Exception as error:  # what pySigma refuses is compared as refused
        return [{"refused": type(error).__name__, "message": str(error)}]


def show(**fields):
    print(json.dumps(fields, ensure_ascii=False))


def main():
    if sys.argv[1] == "--pipelines":
        end = sys.argv.index("--")
        for name in sys.argv[2:end]:
            for path in sys.argv[end + 1 :]:
                pipeline = ProcessingPipeline.from_yaml(Path(name).read_text("utf-8"))
                show(pipeline=name, file=path, rules=read(Path(path), pipeline))
        return
    if sys.argv[1] == "--filtered":
        for name in sys.argv[2:]:
            rules = [rule(node) for node in SigmaCollection.from_yaml(Path(name).read_text("utf-8")).rules]
            show(file=name, rules=rules)
        return
    for folder in sys.argv[1:]:
        for path in sorted(Path(folder).rglob("*.yml")):
            show(file=str(path), rules=read(path))


if __name__ == "__main__":
    main()
