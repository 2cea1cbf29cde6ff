import { parseExactJson } from "#sdk";

/**
 * The text of an answer as JSON with every digit of its numbers, see `parseExactJson`; a key like `__proto__` in a
 * document is a field like any other. What is no JSON goes to `refuse`, which throws in the words of the client.
 */
export function exactAnswer<T>(json: string, refuse: (json: string) => T): T {
  try {
    // The clients leave it to their caller to say what an answer is.
    return parseExactJson(json) as T;
  } catch {
    return refuse(json);
  }
}
