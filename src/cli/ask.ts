import { createInterface } from "node:readline";
import { Writable } from "node:stream";

/** Asks a person at the terminal. */
export interface Asker {
  /** The answer without blanks around it, or `standard` for an empty one. Rejects with the reason of the signal. */
  ask(question: string, standard: string): Promise<string>;
  /** As `ask`, and what is typed is not shown; blanks around it may belong to it. */
  askSecret(question: string): Promise<string>;
  /** Shows a line. */
  tell(line: string): void;
  close(): void;
}

/** How questions end without an answer. */
interface Interruption {
  readonly signal: AbortSignal;
  /** Ctrl-C at a question, which sends no signal there. */
  readonly onKey: () => void;
}

interface Waiting {
  readonly resolve: (line: string) => void;
  readonly reject: (reason: unknown) => void;
}

/** Asks on `input`, shows on `output`. An input that ends answers every question with its standard. */
export function createAsker(
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
  { signal, onKey }: Interruption,
): Asker {
  const shown = new HideableOutput(output);
  const lines = createInterface({ input, output: shown, terminal: "isTTY" in input && input.isTTY === true });
  const waiting: Waiting[] = [];
  const early: string[] = [];
  let isOver = false;
  const end = (how: (one: Waiting) => void): void => {
    for (const one of waiting.splice(0)) how(one);
  };
  lines.on("line", (line) => {
    const next = waiting.shift();
    if (next === undefined) early.push(line);
    else next.resolve(line);
  });
  lines.on("SIGINT", onKey);
  lines.on("close", () => {
    isOver = true;
    end(({ resolve }) => resolve(""));
  });
  const stop = (): void => {
    if (waiting.length > 0) output.write("\n");
    end(({ reject }) => reject(signal.reason));
  };
  signal.addEventListener("abort", stop, { once: true });
  const nextLine = async (question: string): Promise<string> => {
    signal.throwIfAborted();
    if (isOver) output.write(question);
    else {
      // Written by the reader of lines itself, so that it is still there after a correction.
      lines.setPrompt(question);
      lines.prompt();
    }
    const line = early.shift();
    if (line !== undefined || isOver) return line ?? "";
    return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
  };
  return {
    ask: async (question, standard) =>
      (await nextLine(standard === "" ? `${question}: ` : `${question} [${standard}]: `)).trim() || standard,
    askSecret: async (question) => {
      output.write(`${question}: `);
      shown.isHidden = true;
      try {
        return await nextLine("");
      } finally {
        shown.isHidden = false;
        output.write("\n");
      }
    },
    tell: (line) => {
      output.write(`${line}\n`);
    },
    close: () => lines.close(),
  };
}

/** An output that can be told to swallow what is typed. */
class HideableOutput extends Writable {
  isHidden = false;
  readonly #output: NodeJS.WritableStream;

  constructor(output: NodeJS.WritableStream) {
    super();
    this.#output = output;
  }

  /** Width of the terminal: the reader of lines moves its cursor by it. */
  get columns(): number | undefined {
    return "columns" in this.#output && typeof this.#output.columns === "number" ? this.#output.columns : undefined;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (!this.isHidden) this.#output.write(chunk);
    done();
  }
}
