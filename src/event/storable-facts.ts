/** More of a document's own words than these are not kept: search servers refuse terms of more than 32,766 bytes. */
const maxFacts = 100;
const maxNameChars = 200;
/** A character takes up to three bytes here, and the name stands in front. */
const maxValueChars = 8_191;

/** Texts by name as sinks store them and rules see them: no more, and no longer ones, than any search server takes. */
export function storableFacts(facts: Facts): Facts {
  let count = 0;
  for (const name in facts) {
    count += 1;
    if (count > maxFacts || !isStorableName(name) || (facts[name] ?? "").length > maxValueChars) return bounded(facts);
  }
  return facts;
}

type Facts = Readonly<Record<string, string>>;

function bounded(facts: Facts): Facts {
  const storable = Object.entries(facts).filter(([name]) => isStorableName(name));
  return Object.fromEntries(storable.slice(0, maxFacts).map(([name, value]) => [name, cut(value)]));
}

/** Elasticsearch keeps name and value as one term, with a NUL between. */
function isStorableName(name: string): boolean {
  return name.length <= maxNameChars && !name.includes("\0");
}

/** Never ends between the halves of a surrogate pair. */
function cut(value: string): string {
  if (value.length <= maxValueChars) return value;
  const last = value.charCodeAt(maxValueChars - 1);
  return value.slice(0, last >= 0xd800 && last <= 0xdbff ? maxValueChars - 1 : maxValueChars);
}
