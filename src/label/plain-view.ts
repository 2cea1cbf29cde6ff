const suspicious = /['"\\]|\$\{?IFS|[^\x20-\x7e]/;
const separators = /\$\{IFS\}|\$IFS(?:\$\d)?/g;
/** Quotes that open and close nothing, or join two parts of one word. */
const innerQuotes = /(?<=[\w/.$-])(?:''|""|['"](?=[\w/.]))|(?:''|"")(?=[\w/.])/g;
/** Backslashes that a shell drops; `\x41`, `\u0041` and `\101` are characters and stay. */
const idleBackslashes = /(?<![^\s\w/.\\])\\(?!x[\da-f]|u[\da-f]|[0-7]{3})(?=[\w/.-])/gi;

/**
 * The text without the tricks that a shell takes out before it runs a command: quotes and backslashes inside words,
 * `$IFS` for a space, letters that only look like ASCII. The models read it; it is never stored.
 */
export function plainView(text: string): string {
  if (!suspicious.test(text)) return text;
  return text.normalize("NFKC").replace(separators, " ").replace(idleBackslashes, "").replace(innerQuotes, "").trim();
}
