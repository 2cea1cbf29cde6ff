import { describe, expect, it } from "vitest";
import { z } from "zod";
import { elasticsearchConnector } from "../../connectors/elasticsearch/connector.ts";
import type { SearchHttp } from "../../connectors/elasticsearch/search-http.ts";
import { createSearchSink } from "../../connectors/elasticsearch/sink.ts";
import { sinkOptions } from "../../connectors/elasticsearch/sink-config.ts";
import { openSearchConnector } from "../../connectors/opensearch/connector.ts";
import { bundled } from "../../src/cli/paths.ts";
import { loadAttack } from "../../src/event/attack.ts";

const signal = new AbortController().signal;
const nothing = { labels: [], verdicts: [], deadLetters: [] };
const config = z.object(sinkOptions).parse({});
const context = { model: "m@1", vocabulary: "rev20", techniques: loadAttack(bundled.attack()) };
const ours = { index_templates: [{ index_template: { _meta: { managed_by: "tagsmith" } } }] };

/** A sink on a server where these templates are installed. */
function sinkOn(templates: readonly string[], hasRules: boolean) {
  const http: SearchHttp = {
    request: async ({ path }) =>
      templates.some((name) => path === `/_index_template/tagsmith-${name}`)
        ? { status: 200, body: ours }
        : { status: 404, body: {} },
    close: async () => undefined,
  };
  const connect = async () => http;
  return createSearchSink(config, {
    name: "test",
    connect,
    context: { ...context, hasRules },
    now: () => 0,
    random: () => 0,
  });
}

describe("a search sink on an installation from before there were alerts", () => {
  const before = ["labels", "verdicts", "deadletters"];

  it("writes where no rules are asked", async () => {
    await expect(sinkOn(before, false).write(nothing, signal)).resolves.toBe('{"version":0}');
  });

  it("asks for an installation where rules may give alerts", async () => {
    const writing = sinkOn(before, true).write(nothing, signal);
    await expect(writing).rejects.toMatchObject({
      code: "sink_not_installed",
      message: expect.stringContaining("tagsmith-alerts is not there"),
    });
    await expect(sinkOn([...before, "alerts"], true).write(nothing, signal)).resolves.toBe('{"version":0}');
  });

  it("asks for one of the other templates whatever is asked", async () => {
    for (const missing of before) {
      const present = before.filter((name) => name !== missing);
      await expect(sinkOn(present, false).write(nothing, signal)).rejects.toMatchObject({ code: "sink_not_installed" });
    }
  });
});

describe("a setting that a sink does not have", () => {
  it.each([openSearchConnector, elasticsearchConnector])("is refused at the installation, too ($name)", async (one) => {
    const settings = { urls: ["http://127.0.0.1:1"], batch_documents: 500, batch_document: 500 };
    await expect(one.openServer?.(settings, "sink", signal)).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringContaining("batch_document"),
    });
  });
});
