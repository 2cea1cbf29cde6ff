import type { Command } from "commander";
import { type Asker, createAsker } from "./ask.ts";
import { exitCodes } from "./exit-code.ts";
import {
  addSecretCommand,
  createKeystoreCommand,
  type KeystoreInput,
  listSecretsCommand,
  removeSecretCommand,
} from "./keystore-command.ts";
import { stopOnSignals } from "./stop-on-signals.ts";
import type { Terminal } from "./terminal.ts";

type Run = (work: () => Promise<number> | number) => Promise<void>;

/** Adds the commands of the keystore; no secret is ever an argument. */
export function addKeystoreCommands(program: Command, run: Run, terminal: Terminal): void {
  const keystore = program
    .command("keystore")
    .description(`keep secrets in an encrypted file; settings name them as \${keystore:NAME}`)
    .addHelpText(
      "after",
      "\nThe file is TAGSMITH_KEYSTORE, else .tagsmith/keystore. Its passphrase comes from TAGSMITH_KEYSTORE_PASSPHRASE,\nfrom the file that TAGSMITH_KEYSTORE_PASSPHRASE_FILE names, or from a prompt (docs/configuration.md).\n\nExample:\n  tagsmith keystore create\n  tagsmith keystore add siem_api_key",
    );
  const withInput = (usesStdin: boolean, work: (input: KeystoreInput) => Promise<number>): Promise<void> =>
    run(() => askingIfPossible(usesStdin, terminal, work));
  keystore
    .command("create")
    .description("make an empty keystore")
    .option("--force", "also where there is one, whose entries are lost", false)
    .action((options: { force: boolean }) =>
      withInput(false, (input) => createKeystoreCommand(options, input, terminal)),
    );
  keystore
    .command("add")
    .description("add a secret, from a prompt that does not show it")
    .argument("<name>", "what settings call it")
    .option("--stdin", "read the secret from standard input, to its end", false)
    .option("--force", "replace the entry of that name", false)
    .addHelpText("after", "\nExample:\n  tagsmith keystore add redis_password --stdin < password.txt")
    .action((name: string, options: { stdin: boolean; force: boolean }) =>
      withInput(options.stdin, (input) => addSecretCommand(name, options, input, terminal)),
    );
  keystore
    .command("list")
    .description("print the names, and nothing else")
    .action(() => withInput(false, (input) => listSecretsCommand(input, terminal)));
  keystore
    .command("remove")
    .description("remove a secret")
    .argument("<name>", "its name")
    .action((name: string) => withInput(false, (input) => removeSecretCommand(name, input, terminal)));
}

/** People are asked at a terminal only, and not where the secret comes from standard input. */
async function askingIfPossible(
  usesStdin: boolean,
  terminal: Terminal,
  work: (input: KeystoreInput) => Promise<number>,
): Promise<number> {
  const stop = stopOnSignals(process, terminal.now, () => undefined);
  const onKey = (): void => {
    process.kill(process.pid, "SIGINT");
  };
  const canAsk = process.stdin.isTTY === true && !usesStdin;
  const asker: Asker | undefined = canAsk
    ? createAsker(process.stdin, process.stderr, { signal: stop.signal, onKey })
    : undefined;
  try {
    return await work({ environment: process.env, asker, readAll: (maxBytes) => readAll(process.stdin, maxBytes) });
  } catch (error) {
    if (stop.isReasonOf(error)) return exitCodes.interrupted;
    throw error;
  } finally {
    asker?.close();
    stop.release();
  }
}

async function readAll(input: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, maxBytes + 1);
}
