/** Hashed features of one text, each once, in two families that have tables of their own. Reused from text to text. */
export interface FeatureBuffer {
  /** Words, pairs of neighbours, and words with the command they belong to. */
  readonly words: Uint32Array;
  wordCount: number;
  /** Runs of three to five characters. */
  readonly grams: Uint32Array;
  gramCount: number;
  readonly seen: SeenSet;
}

/** Hashes of the family being read: slot `hash & (size - 1)` and on, valid where `round` is the current one. */
interface SeenSet {
  readonly hashes: Uint32Array;
  readonly rounds: Uint32Array;
  round: number;
}

const maxTokens = 256;
const maxGramChars = 512;
const featuresPerToken = 4;
const maxFields = 64;
/** Above twice the most features of a family, a power of two. */
const seenSize = 4096;

export function createFeatureBuffer(): FeatureBuffer {
  return {
    words: new Uint32Array(maxTokens * featuresPerToken + maxFields * 2),
    wordCount: 0,
    grams: new Uint32Array(maxGramChars * 3),
    gramCount: 0,
    seen: { hashes: new Uint32Array(seenSize), rounds: new Uint32Array(seenSize), round: 0 },
  };
}

/** Programs that run the program named after them: what follows is the command. */
const wrappers = new Set(
  "sudo doas env nohup timeout nice ionice time xargs exec command busybox toybox stdbuf setsid chronic unbuffer".split(
    " ",
  ),
);

/** One word, number, address or sign of a text. */
const token =
  /(\d{1,3}(?:\.\d{1,3}){3})|[\p{L}\p{N}_][\p{L}\p{N}_-]*|--?[\p{L}\p{N}][\p{L}\p{N}_-]*|[|&;<>]+|\$\(|\S/gu;
const spaceOrEnd = /\s/;

/**
 * Reads the features of a text's plain view into `out`: 32-bit hashes, in an order that the text alone decides.
 *
 * The same function serves training and inference, so there is one definition of a feature.
 */
export function readFeatures(view: string, out: FeatureBuffer): void {
  out.wordCount = 0;
  out.gramCount = 0;
  newRound(out.seen);
  readWords(view, out);
  newRound(out.seen);
  readGrams(view, out);
}

/**
 * Whether a Kubernetes line reaches into a container or node. What is done there adds tags of its own, and the first
 * stage is sure of the reaching alone.
 */
export function reachesInside(text: string): boolean {
  return text.startsWith("k8s_audit ") && inside.test(text);
}

/** Also in training/cascade.py, for the figures. */
const inside = /(?:command|cmd)=|subresource=(?:exec|proxy|attach|portforward|ephemeralcontainers)/;

interface Segment {
  head: number;
  second: number;
  /** The next word may be the command. */
  open: boolean;
  /** Words belong to the command before them, not to one head. */
  readonly follows: boolean;
}

function readWords(view: string, out: FeatureBuffer): void {
  if (!view.startsWith("k8s_audit ")) {
    addWords(view, { head: 0, second: 0, open: true, follows: true }, out, maxTokens);
    return;
  }
  // A Kubernetes line is about one verb on one resource; the command that it runs in a container is one like any other.
  const at = view.search(ranInContainer);
  const line = at < 0 ? view : view.slice(0, at);
  const head = auditHead(line);
  addFields(line, head, out);
  const left = addWords(line, { head, second: 0, open: false, follows: false }, out, maxTokens);
  if (at < 0) return;
  const command = view.slice(at).replace(commandParameter, " ").replace(streamParameter, " ");
  addWords(command, { head: 0, second: 0, open: true, follows: true }, out, left);
}

const ranInContainer = /(?<=[?& =;])(?:command|cmd)=/;
const commandParameter = /[?&; ]?(?:command|cmd)=/g;
const streamParameter = /&(?:container|stdin|stdout|stderr|tty)=[^& ]*/g;
const field = /[^\s=]+=\S{1,80}/g;

/** Whole fields of a line, `subresource=exec`, alone and with its verb and resource. */
function addFields(line: string, head: number, out: FeatureBuffer): void {
  let count = 0;
  for (const [text] of line.matchAll(field)) {
    if (count >= maxFields) return;
    const hash = hashOf(text, 0x811c9dc5);
    push(out, mix(hash, 7));
    push(out, mix(mix(head, 11), hash));
    count += 1;
  }
}

/** Adds at most `limit` words, and gives how many of it are left. */
function addWords(view: string, segment: Segment, out: FeatureBuffer, limit: number): number {
  let before = 0;
  let left = limit;
  token.lastIndex = 0;
  for (let match = token.exec(view); match !== null && left > 0; match = token.exec(view)) {
    const word = match[0];
    const hash = hashOf(match[1] === undefined ? word : addressClass(word), 0x811c9dc5);
    if (segment.follows) follow(segment, word, hash, view, match.index, token.lastIndex);
    push(out, mix(hash, 1));
    push(out, mix(before, hash));
    push(out, mix(mix(segment.head, 3), hash));
    if (segment.second !== 0) push(out, mix(mix(mix(segment.head, 5), segment.second), hash));
    before = hash;
    left -= 1;
  }
  return left;
}

/** Keeps track of which command a word belongs to. */
function follow(segment: Segment, word: string, hash: number, view: string, start: number, end: number): void {
  const first = word.charCodeAt(0);
  if (isBreak(first) || word === "$(" || word === "-c" || word === "eval") {
    segment.open = true;
    segment.second = 0;
    return;
  }
  if (isSign(first) || first === 45) return;
  if (segment.open) {
    const next = view.charAt(end);
    if (next === "/" || next === "=" || wrappers.has(word) || isNumber(word)) return;
    segment.head = hash;
    segment.second = 0;
    segment.open = false;
  } else if (segment.second === 0 && (start === 0 || spaceOrEnd.test(view.charAt(start - 1)))) {
    segment.second = hash;
  }
}

function isBreak(code: number): boolean {
  return code === 124 || code === 38 || code === 59 || code === 96 || code === 40 || code === 123;
}

function isSign(code: number): boolean {
  return code < 48
    ? code !== 45
    : code < 65
      ? code > 57
      : code > 90 && code < 97
        ? code !== 95
        : code > 122 && code < 128;
}

function isNumber(word: string): boolean {
  const code = word.charCodeAt(0);
  return code >= 48 && code <= 57 && !Number.isNaN(Number(word));
}

const auditVerb = /(?:^| )verb=(\S+)/;
const auditResource = /(?:^| )resource=(\S+)/;

function auditHead(view: string): number {
  const verb = auditVerb.exec(view)?.[1] ?? "";
  return hashOf(auditResource.exec(view)?.[1] ?? "", hashOf(verb, 0x811c9dc5));
}

/** Addresses count by where they lead, not by their digits. */
function addressClass(address: string): string {
  if (address.startsWith("127.")) return "<loopback>";
  if (address === "169.254.169.254") return "<metadata>";
  if (address === "0.0.0.0") return "<any>";
  if (address.startsWith("10.") || address.startsWith("192.168.")) return "<private>";
  const parts = address.split(".");
  const second = Number(parts[1]);
  return parts[0] === "172" && second >= 16 && second <= 31 ? "<private>" : "<public>";
}

function push(out: FeatureBuffer, hash: number): void {
  if (!isNew(out.seen, hash)) return;
  out.words[out.wordCount] = hash;
  out.wordCount += 1;
}

function newRound(seen: SeenSet): void {
  seen.round += 1;
  if (seen.round < 2 ** 32) return;
  seen.rounds.fill(0);
  seen.round = 1;
}

function isNew(seen: SeenSet, hash: number): boolean {
  for (let slot = hash & (seenSize - 1); ; slot = (slot + 1) & (seenSize - 1)) {
    if (seen.rounds[slot] !== seen.round) {
      seen.rounds[slot] = seen.round;
      seen.hashes[slot] = hash;
      return true;
    }
    if (seen.hashes[slot] === hash) return false;
  }
}

/** Runs of 3, 4 and 5 characters of the lower-case view, digits all alike. */
function readGrams(view: string, out: FeatureBuffer): void {
  const lower = ` ${view.toLowerCase()} `;
  const length = Math.min(lower.length, maxGramChars);
  for (let start = 0; start + 3 <= length; start += 1) {
    let hash = 0x811c9dc5;
    const end = Math.min(start + 5, length);
    for (let at = start; at < end; at += 1) {
      const code = lower.charCodeAt(at);
      hash = Math.imul(hash ^ (code >= 48 && code <= 57 ? 48 : code), 0x01000193);
      if (at - start >= 2) {
        const gram = mix(hash, at - start);
        if (!isNew(out.seen, gram)) continue;
        out.grams[out.gramCount] = gram;
        out.gramCount += 1;
      }
    }
  }
}

/** FNV-1a over UTF-16 units, from `seed`. */
function hashOf(word: string, seed: number): number {
  let hash = seed;
  for (let at = 0; at < word.length; at += 1) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** Joins two hashes so that every bit of the result depends on all bits (the finalizer of MurmurHash3). */
function mix(a: number, b: number): number {
  let hash = Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
