import { expect, it } from "vitest";
import { sourcesPage, writtenPage } from "../docs/sources-page.ts";

it("docs/sources.md says what the mappings say (npm run docs:sources writes it)", () => {
  expect(writtenPage()).toBe(sourcesPage());
});
