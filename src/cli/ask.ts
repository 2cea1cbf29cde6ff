import { createInterface } from "node:readline";
import { Writable } from "node:stream";

/** Asks a person at the terminal. */
export interface Asker {
  /** The answer without blanks around it, or `standard` for an empty one. */
  ask(question: string, standard: string): Promise<string>;
  /** As `ask`, and what is typed is not shown. */
  askSecret(question: string): Promise<string>;
  close(): void;
}

/** Asks on `input`, shows on `output`. An input that ends answers every question with its standard. */
export function createAsker(input: NodeJS.ReadableStream, output: NodeJS.WritableStream): Asker {
  let isHidden = false;
  const shown = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      if (!isHidden) output.write(chunk);
      done();
    },
  });
  const lines = createInterface({ input, output: shown, terminal: "isTTY" in input && input.isTTY === true });
  const waiting: ((line: string) => void)[] = [];
  const early: string[] = [];
  let isOver = false;
  lines.on("line", (line) => {
    const next = waiting.shift();
    if (next === undefined) early.push(line);
    else next(line);
  });
  lines.on("close", () => {
    isOver = true;
    for (const next of waiting.splice(0)) next("");
  });
  const nextLine = (): Promise<string> => {
    const line = early.shift();
    if (line !== undefined || isOver) return Promise.resolve(line ?? "");
    return new Promise((resolve) => waiting.push(resolve));
  };
  return {
    async ask(question, standard) {
      output.write(standard === "" ? `${question}: ` : `${question} [${standard}]: `);
      return (await nextLine()).trim() || standard;
    },
    async askSecret(question) {
      output.write(`${question}: `);
      isHidden = true;
      try {
        return (await nextLine()).trim();
      } finally {
        isHidden = false;
        output.write("\n");
      }
    },
    close: () => lines.close(),
  };
}
