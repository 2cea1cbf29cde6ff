// Loads the bundled samples into a search server, as the SIEM's own shippers would have. Loading again changes nothing.
// Run: npx node samples/load.ts http://127.0.0.1:9200
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

const [address] = process.argv.slice(2);
if (address === undefined || !URL.canParse(address)) {
  process.stderr.write("Usage: npx node samples/load.ts http://127.0.0.1:9200\n");
  process.exit(2);
}

const samples: readonly (readonly [file: string, index: string])[] = [
  ["elastic-defend.ndjson.gz", "logs-endpoint.events.process-samples"],
  ["auditd-manager.ndjson.gz", "logs-auditd_manager.auditd-samples"],
  ["kubernetes-elastic.ndjson", "logs-kubernetes.audit_logs-samples"],
];

for (const [file, index] of samples) {
  const bytes = readFileSync(join(import.meta.dirname, "data", file));
  const text = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  const lines = text.split("\n").filter((line) => line !== "");
  const body = lines.map((line, n) => `{"create":{"_id":"sample-${n}"}}\n${line}\n`).join("");
  const headers = { "content-type": "application/x-ndjson" };
  const path = `${index}/_bulk?refresh=true&filter_path=items.*.error,items.*.status`;
  const answer = await fetch(new URL(path, address), { method: "POST", headers, body }).catch((cause) => {
    process.stderr.write(`${address}: cannot be reached: ${cause instanceof Error ? cause.message : String(cause)}\n`);
    process.exit(1);
  });
  const refused = await refusalOf(answer);
  if (refused !== undefined) {
    process.stderr.write(`${index}: ${refused}\n`);
    process.exit(1);
  }
  process.stdout.write(`${index}: ${lines.length} documents\n`);
}

/** What stands in the way; documents that are there already do not. */
async function refusalOf(answer: Response): Promise<string | undefined> {
  const text = await answer.text();
  if (!answer.ok) return `${answer.status} ${text.slice(0, 500)}`;
  const items: readonly { readonly create: { readonly status: number; readonly error?: unknown } }[] =
    JSON.parse(text).items;
  const failed = items.find(({ create }) => create.status >= 300 && create.status !== 409);
  return failed === undefined ? undefined : JSON.stringify(failed.create.error);
}
