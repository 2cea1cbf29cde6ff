/**
 * A text that every match of a regex contains, case aside; undefined where none is certain. Regexes are searched only in values
 * that contain it.
 */
export function regexLiteral(source: string, ignoreCase: boolean): string | undefined {
  const flags = /^\(\?([ims]+)\)/.exec(source);
  const body = flags === null ? source : source.slice(flags[0].length);
  if (body.includes("\\Q") || /\(\?[a-z-]*[:)]/.test(body.replaceAll("(?:", ""))) return undefined;
  const runs = literalRuns(body);
  const folds = ignoreCase || (flags?.[1]?.includes("i") ?? false);
  const usable = (folds ? runs?.filter((run) => /^[\p{ASCII}]*$/u.test(run)) : runs) ?? [];
  const longest = usable.reduce((best, run) => (run.length > best.length ? run : best), "");
  return longest.length >= 2 ? longest : undefined;
}

/** The runs of plain characters outside groups and classes; undefined where alternatives make none certain. */
function literalRuns(body: string): string[] | undefined {
  const runs: string[] = [];
  let run = "";
  const end = (): void => {
    runs.push(run);
    run = "";
  };
  for (let index = 0; index < body.length; index += 1) {
    const char = body.charAt(index);
    if (char === "|") return undefined;
    if (char === "\\") {
      index += 1;
      const escaped = body.charAt(index);
      if (/[\p{L}\p{N}]/u.test(escaped)) {
        end();
        if (!/[dDsSwWbB]/.test(escaped)) return undefined;
      } else run += escaped;
    } else if (char === "(" || char === "[") {
      end();
      index = char === "(" ? skipGroup(body, index) : skipClass(body, index);
    } else if (char === "*" || char === "?" || char === "{") {
      run = run.slice(0, (run.codePointAt(run.length - 2) ?? 0) > 0xff_ff ? -2 : -1);
      end();
      if (char === "{") {
        const repeat = /^\{\d+(?:,\d*)?\}/.exec(body.slice(index, index + 16));
        if (repeat === null) return undefined;
        index += repeat[0].length - 1;
      }
    } else if (char === "+" || char === "." || char === "^" || char === "$") end();
    else run += char;
  }
  end();
  return runs;
}

/** Offset of the parenthesis that closes the one at `open`. */
function skipGroup(body: string, open: number): number {
  let depth = 0;
  for (let index = open; index < body.length; index += 1) {
    const char = body.charAt(index);
    if (char === "\\") index += 1;
    else if (char === "[") index = skipClass(body, index);
    else if (char === "(") depth += 1;
    else if (char === ")") {
      depth -= 1;
      if (depth === 0) return index;
    }
  }
  return body.length;
}

/** Offset of the bracket that closes the class at `open`; a bracket first in it is a member. */
function skipClass(body: string, open: number): number {
  let index = open + 1;
  if (body.charAt(index) === "^") index += 1;
  if (body.charAt(index) === "]") index += 1;
  for (; index < body.length; index += 1) {
    const char = body.charAt(index);
    if (char === "\\") index += 1;
    else if (char === "[" && body.charAt(index + 1) === ":") index = Math.max(index, body.indexOf(":]", index) + 1);
    else if (char === "]") return index;
  }
  return body.length;
}
