import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type ParsedNode,
  parseAllDocuments,
  type YAMLMap,
} from "yaml";
import type { Scalar } from "../ast.ts";
import { limits } from "../limits.ts";
import { plainScalar } from "./plain-scalar.ts";
import { isList as isValueList, isMap as isValueMap, type YamlValue } from "./yaml-value.ts";

/** A document of a YAML file, or why it cannot be read. */
export type YamlDocument =
  | { readonly kind: "value"; readonly value: YamlValue }
  | { readonly kind: "broken"; readonly faults: readonly YamlFault[] };

interface YamlFault {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  /** Character in the file. */
  readonly position: number;
}

/** Reads any YAML, anchors, merge keys and flow style included; refuses duplicate keys and alias bombs. */
export function readFullYaml(text: string): YamlDocument[] {
  return parseNodes(text).map((document) => {
    const [error] = document.errors;
    if (error !== undefined) {
      const faults = document.errors.slice(0, 5).map(({ message, pos }) => yamlFault(message, pos[0]));
      return { kind: "broken", faults };
    }
    return convertDocument(document);
  });
}

/** The YAML nodes of a file, with their positions. Throws RangeError for nesting beyond the stack. */
export function parseNodes(text: string): Document.Parsed[] {
  const documents = parseAllDocuments(text, {
    schema: "failsafe",
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: "silent",
  });
  return "empty" in documents ? [] : documents;
}

function yamlFault(message: string, position: number): YamlFault {
  const hint =
    "Write valid YAML: check indentation, quotes and colons; quote texts that start with a special character.";
  return fault("yaml_invalid", `Not valid YAML: ${message}.`, hint, position);
}

function fault(code: string, message: string, hint: string, position: number): YamlFault {
  return { code, message, hint, position };
}

interface Walk {
  /** Values so far, those of aliases counted at each use. */
  nodes: number;
  readonly anchors: Map<string, { readonly value: YamlValue; readonly nodes: number }>;
}

class Fault extends Error {
  readonly fault: YamlFault;

  constructor(fault: YamlFault) {
    super(fault.message);
    this.fault = fault;
  }
}

function convertDocument(document: Document.Parsed): YamlDocument {
  try {
    const walk: Walk = { nodes: 0, anchors: new Map() };
    return { kind: "value", value: convert(document.contents, walk, 0) };
  } catch (error) {
    if (error instanceof Fault) return { kind: "broken", faults: [error.fault] };
    throw error;
  }
}

function fail(code: string, message: string, hint: string, node: unknown): never {
  throw new Fault(fault(code, message, hint, positionOf(node)));
}

/** Where a node starts in the file. */
export function positionOf(node: unknown): number {
  if (isPair(node)) return positionOf(node.key);
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? (node.range?.[0] ?? 0) : 0;
}

function convert(node: unknown, walk: Walk, depth: number): YamlValue {
  if (depth > limits.depth)
    fail("yaml_too_deep", `Maps and lists are nested deeper than ${limits.depth}.`, "Flatten the document.", node);
  const before = walk.nodes;
  spend(walk, 1, node);
  if (node === null || node === undefined) return null;
  if (isAlias(node)) return convertAlias(node.source, walk, node);
  const value = convertNode(node, walk, depth);
  if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor !== undefined)
    walk.anchors.set(node.anchor, { value, nodes: walk.nodes - before });
  return value;
}

function convertNode(node: unknown, walk: Walk, depth: number): YamlValue {
  if (isMap(node)) return convertMap(node, walk, depth);
  if (isSeq(node)) return node.items.map((item) => convert(item, walk, depth + 1));
  if (isScalar(node)) return convertScalar(node.value, node.type === "PLAIN", node.tag, node);
  return fail("yaml_invalid", "This YAML construct has no meaning in a rule.", "Write a map, a list or a value.", node);
}

function spend(walk: Walk, nodes: number, node: unknown): void {
  walk.nodes += nodes;
  if (walk.nodes > limits.nodes) {
    const hint = "Write the values out, or split the file.";
    fail("yaml_too_large", `More than ${limits.nodes} values, aliases counted at each use.`, hint, node);
  }
}

function convertAlias(name: string, walk: Walk, node: unknown): YamlValue {
  const anchor = walk.anchors.get(name);
  if (anchor === undefined)
    return fail("yaml_unknown_alias", `No anchor &${name} ends before this alias.`, "Define the anchor first.", node);
  spend(walk, anchor.nodes, node);
  return anchor.value;
}

function convertMap(node: YAMLMap, walk: Walk, depth: number): YamlValue {
  const map = new Map<string, YamlValue>();
  const merged: YamlValue[] = [];
  for (const pair of node.items) {
    const key = keyOf(pair.key, pair);
    const value = convert(pair.value, walk, depth + 1);
    if (key === "<<" && isScalar(pair.key) && pair.key.type === "PLAIN") {
      merged.push(value);
      continue;
    }
    if (map.has(key)) {
      const hint = "Keep one; to look for several values give the key a list, or write a list of maps.";
      fail("yaml_duplicate_key", `The key ${JSON.stringify(key)} stands twice in one map.`, hint, pair);
    }
    map.set(key, value);
  }
  return merged.length === 0 ? map : mergeInto(map, merged, node);
}

/** Keys of the map itself win over merged ones, earlier merged maps over later ones. */
function mergeInto(own: ReadonlyMap<string, YamlValue>, merged: readonly YamlValue[], node: unknown): YamlValue {
  const sources = merged.flatMap((value): readonly YamlValue[] => (isValueList(value) ? value : [value]));
  const map = new Map<string, YamlValue>();
  for (const source of sources) {
    if (!isValueMap(source)) {
      fail("yaml_invalid", "The merge key << takes a map or a list of maps.", "Point it at an anchored map.", node);
      continue;
    }
    for (const [key, value] of source) if (!map.has(key)) map.set(key, value);
  }
  for (const [key, value] of own) map.set(key, value);
  return map;
}

function keyOf(key: unknown, pair: unknown): string {
  if (isScalar(key) && typeof key.value === "string") return key.value;
  if (key === null || (isScalar(key) && key.value === null)) return "";
  return fail("yaml_invalid", "A key must be a text.", "Write a plain key.", pair);
}

function convertScalar(value: unknown, plain: boolean, tag: string | undefined, node: ParsedNode | unknown): Scalar {
  const text = typeof value === "string" ? value : "";
  switch (tag) {
    case undefined:
      return plain ? plainScalar(text) : text;
    case "!":
    case "tag:yaml.org,2002:str":
      return text;
    case "tag:yaml.org,2002:int":
    case "tag:yaml.org,2002:float":
    case "tag:yaml.org,2002:bool":
    case "tag:yaml.org,2002:null":
      return plainScalar(text);
    default:
      return fail("yaml_unknown_tag", `The YAML tag ${tag} is not read.`, "Leave the tag out.", node);
  }
}
