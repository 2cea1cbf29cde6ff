// All measurements, one after the other: a table each and one JSON line each. `npm run bench`.
import { availableParallelism, cpus } from "node:os";
import { benchEndToEnd } from "./end-to-end.ts";
import { benchLabels } from "./labels.ts";
import { benchNormalize } from "./normalize.ts";
import { benchSessions } from "./sessions.ts";

function show(rows: readonly object[]): void {
  console.table(rows);
  for (const row of rows) console.log(JSON.stringify(row));
}

const model = cpus()[0]?.model ?? "unknown processor";
console.log(
  `${new Date().toISOString().slice(0, 10)}, ${availableParallelism()} cores, ${model}, Node ${process.version}`,
);
show([benchNormalize()]);
show(await benchSessions());
show(await benchLabels());
show([await benchEndToEnd()]);
