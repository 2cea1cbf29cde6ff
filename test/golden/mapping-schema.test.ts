import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { z } from "zod";
import { mappingSchema } from "../../src/normalize/mapping-schema.ts";
import { parseJson } from "../../src/normalize/parse-json.ts";

const file = path.resolve(import.meta.dirname, "../../schema/mapping.schema.json");

it("schema/mapping.schema.json says what the loader checks (UPDATE_SCHEMA=1 rewrites it)", () => {
  const schema = {
    $id: "mapping.schema.json",
    title: "Tagsmith mapping",
    ...z.toJSONSchema(mappingSchema, { io: "input" }),
  };
  if (process.env["UPDATE_SCHEMA"] === "1") writeFileSync(file, `${JSON.stringify(schema, null, 2)}\n`);
  expect(JSON.stringify(parseJson(readFileSync(file, "utf8")))).toBe(JSON.stringify(schema));
});
