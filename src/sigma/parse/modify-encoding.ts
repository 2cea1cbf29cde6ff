import type { StringPart, StringValue, Value } from "../ast.ts";
import { limits } from "../limits.ts";
import { type Refusal, refusal } from "./refusal.ts";
import { joinParts, literalText } from "./string-pattern.ts";

/** How text becomes bytes before base64. */
export type Encoding = "utf8" | "utf16le" | "utf16be" | "utf16";

/** `base64`: the whole text, encoded. */
export function encodeBase64(value: StringValue, encoding: Encoding): Value | Refusal {
  const text = literalText(value);
  if (text === undefined) return wildcardRefusal("base64");
  return plain(Buffer.from(encodeText(text, encoding)).toString("base64"));
}

/** `base64offset`: the three forms the text takes inside a longer one, without the characters its neighbours change. */
export function encodeBase64Offsets(value: StringValue, encoding: Encoding): Value | Refusal {
  const text = literalText(value);
  if (text === undefined) return wildcardRefusal("base64offset");
  const bytes = encodeText(text, encoding);
  const values = [0, 1, 2].map((offset) => {
    const padded = Buffer.concat([Buffer.alloc(offset, " "), bytes]);
    const encoded = padded.toString("base64");
    const start = [0, 2, 3][offset] ?? 0;
    const cut = [0, 3, 2][padded.length % 3] ?? 0;
    return plain(encoded.slice(start, Math.max(start, encoded.length - cut)));
  });
  return { kind: "expansion", values };
}

function plain(text: string): StringValue {
  return { kind: "string", parts: text === "" ? [] : [text], cased: false };
}

function wildcardRefusal(modifier: string): Refusal {
  const hint = "Write the text without * and ?, or escape them as \\* and \\?; put contains behind the modifier.";
  return refusal("modifier_value", `${modifier} cannot encode wildcards or placeholders.`, hint);
}

function encodeText(text: string, encoding: Encoding): Uint8Array {
  switch (encoding) {
    case "utf8":
      return Buffer.from(text, "utf8");
    case "utf16le":
      return Buffer.from(text, "utf16le");
    case "utf16be":
      return Buffer.from(text, "utf16le").swap16();
    case "utf16":
      return Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, "utf16le")]);
  }
}

/** UTF-16 that is not put into base64: each character with a zero byte behind (or before) it, as decoded logs show it. */
export function widenText(value: StringValue, encoding: Encoding): Value | Refusal {
  const [before, after] = encoding === "utf16be" ? ["\0", ""] : ["", "\0"];
  const parts: StringPart[] = encoding === "utf16" ? ["\ufeff"] : [];
  for (const part of value.parts) {
    if (typeof part !== "string") parts.push(part);
    else if (/[^\0-\x7f]/.test(part)) return asciiRefusal(part);
    else parts.push(part.replace(/[\s\S]/g, (char) => before + char + after));
  }
  return { ...value, parts: joinParts(parts), cased: false };
}

function asciiRefusal(part: string): Refusal {
  const message = `Only ASCII can be written as UTF-16 text, and ${JSON.stringify(part)} has other characters.`;
  return refusal("modifier_value", message, "Put base64 or base64offset behind the modifier.");
}

/** The dashes that command lines take for each other. */
const dashes = ["-", "/", "\u2013", "\u2014", "\u2015"];

/** `-` or `/` before a word and not behind one. */
const dash = /(?<![\p{L}\p{N}_])[-/](?=[\p{L}\p{N}_])/gu;

/** `windash`: every form of the option dashes in a value. */
export function varyDashes(value: StringValue): Value | Refusal {
  const pieces = value.parts.flatMap((part): (StringPart | typeof dashes)[] => {
    if (typeof part !== "string") return [part];
    return part.split(dash).flatMap((text, index) => (index === 0 ? [text] : [dashes, text]));
  });
  const count = pieces.filter((piece) => piece === dashes).length;
  if (count > limits.windashes) {
    const message = `windash varies at most ${limits.windashes} dashes in a value, and this one has ${count}.`;
    return refusal("modifier_value", message, "Split the value into several, with all.");
  }
  let forms: StringPart[][] = [[]];
  for (const piece of pieces) {
    const choices = piece === dashes ? dashes : [piece].flat();
    forms = forms.flatMap((form) => choices.map((choice) => [...form, choice]));
  }
  return { kind: "expansion", values: forms.map((parts) => ({ ...value, parts: joinParts(parts) })) };
}
