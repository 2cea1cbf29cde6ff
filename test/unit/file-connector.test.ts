import { expect, it } from "vitest";
import { fileConnector } from "../../connectors/file/connector.ts";

const sink = { labels: "out/labels.ndjson", verdicts: "out/verdicts.ndjson", dead_letters: "out/dead.ndjson" };

it.each(["out/*.ndjson", "./out/../out/dead.ndjson", "**/*.ndjson"])(
  "refuses to read its own output through %s",
  (path) => {
    expect(() => fileConnector.checkPair?.({ paths: ["logs/a.ndjson", path] }, sink)).toThrow("would be read as input");
  },
);

it.each(["-", "logs/*.ndjson", "out/*.log", "out"])("lets %s be read beside its output", (path) => {
  expect(() => fileConnector.checkPair?.({ paths: [path] }, sink)).not.toThrow();
});
