import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { createAsker } from "../../src/cli/ask.ts";
import { newConfigText } from "../../src/cli/init-config.ts";
import { gatherAnswers, type InitOptions } from "../../src/cli/init-options.ts";
import { parseConfig } from "../../src/config/load-config.ts";

const options: InitOptions = {
  config: "tagsmith.yaml",
  from: "now-1h",
  namespace: "default",
  expiresDays: 90,
  createKeys: false,
  force: false,
  json: false,
};

/** A reference to an environment variable, as configurations write it. */
function variable(name: string): string {
  return `\${env:${name}}`;
}

function typed(text: string) {
  const input = new PassThrough();
  const output = new PassThrough();
  input.end(text);
  let shown = "";
  output.on("data", (chunk: Buffer) => (shown += chunk.toString("utf8")));
  const interruption = { signal: new AbortController().signal, onKey: () => undefined };
  return { asker: createAsker(input, output, interruption), shown: () => shown };
}

/** A terminal: keys come one by one, and what they are is up to the asker. */
function terminal(columns = 80) {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const output = Object.assign(new PassThrough(), { columns });
  let shown = "";
  output.on("data", (chunk: Buffer) => (shown += chunk.toString("utf8")));
  const stop = new AbortController();
  const onKey = () => stop.abort(new Error("stopped at a question"));
  return { input, asker: createAsker(input, output, { signal: stop.signal, onKey }), shown: () => shown };
}

describe("asking at the terminal", () => {
  it("takes the standard for an empty answer, and for every question once the input has ended", async () => {
    const { asker, shown } = typed("\n  mine  \n");
    expect(await asker.ask("First", "one")).toBe("one");
    expect(await asker.ask("Second", "two")).toBe("mine");
    expect(await asker.ask("Third", "three")).toBe("three");
    expect(shown()).toContain("First [one]: ");
    asker.close();
  });

  it("still shows the question after a correction", async () => {
    const { input, asker, shown } = terminal();
    const answer = asker.ask("Name", "x");
    input.write("ab\u007fc\r");
    expect(await answer).toBe("ac");
    expect(shown()).toContain("Name [x]: a\u001b");
    asker.close();
  });

  it("ends at Ctrl-C, and does not take the standards for what was not answered", async () => {
    const { input, asker } = terminal();
    const answer = asker.ask("Name", "x");
    input.write("\u0003");
    await expect(answer).rejects.toThrow("stopped at a question");
    await expect(asker.ask("Next", "y")).rejects.toThrow("stopped at a question");
    asker.close();
  });

  it("shows no secret while it is typed at a terminal", async () => {
    const { input, asker, shown } = terminal();
    const answer = asker.askSecret("Password");
    input.write("hidx\u007fden\r");
    expect(await answer).toBe("hidden");
    expect(shown()).toContain("Password: ");
    expect(shown()).not.toMatch(/hid|den/);
    asker.close();
  });

  it("does not show what is typed as a secret", async () => {
    const { asker, shown } = typed("very secret\nplain\n");
    expect(await asker.askSecret("Password")).toBe("very secret");
    expect(await asker.ask("Name", "")).toBe("plain");
    expect(shown()).not.toContain("very secret");
    asker.close();
  });
});

describe("the answers of init", () => {
  it("come from people where flags say nothing; the administrator is kept apart from what is written", async () => {
    const { asker } = typed("https://siem.example.com:9200\n\nlogs-a, logs-b\nnone\nadmin\nvery secret\nyes\n");
    const answers = await gatherAnswers({ ...options, apiKeyEnv: "KEY" }, asker);
    asker.close();
    expect(answers).toMatchObject({
      url: "https://siem.example.com:9200",
      indices: ["logs-a", "logs-b"],
      dashboards: { kind: "nowhere" },
      credentials: { api_key: variable("KEY") },
      admin: { username: "admin", password: "very secret" },
      createsKeys: true,
    });
    expect(JSON.stringify([answers.reach, answers.credentials])).not.toContain("very secret");
  });

  it("are asked for again where they cannot be right", async () => {
    const { asker, shown } = typed(
      "localhost:9200\nhttps://u:p@siem.example.com\nhttps://siem.example.com:9200\n/no/such.pem\n\n\nkibana\nhttps://kibana.example.com/base\n\n",
    );
    const answers = await gatherAnswers(options, asker);
    asker.close();
    expect(answers).toMatchObject({
      url: "https://siem.example.com:9200",
      caFile: undefined,
      dashboards: { kind: "named", url: "https://kibana.example.com/base" },
      admin: undefined,
    });
    expect(shown()).toContain("localhost:9200 is not an address");
    expect(shown()).toContain("/no/such.pem is not there");
    expect(shown()).toContain("kibana is not an address");
  });

  it("leave Kibana or Dashboards to be looked for where nothing names them", async () => {
    const answers = await gatherAnswers({ ...options, url: "http://192.0.2.1:9200" }, undefined);
    expect(answers.dashboards).toEqual({ kind: "beside", serverUrl: "http://192.0.2.1:9200" });
  });

  it.each([
    [{}, "needs --url"],
    [{ url: "localhost:9200" }, "is not an address"],
    [{ url: "http://u:p@192.0.2.1" }, "holds no credentials"],
    [{ url: "http://192.0.2.1", dashboards: "ftp://192.0.2.1" }, "--dashboards: ftp://192.0.2.1 is not an address"],
    [{ url: "nonsense" }, "is not an address"],
    [{ url: "http://192.0.2.1", username: "a" }, "given together"],
    [{ url: "http://192.0.2.1", createKeys: true }, "administrator"],
    [{ url: "http://192.0.2.1", apiKeyEnv: "the-key-itself==" }, "not the name of an environment variable"],
  ])("refuse %j with a reason", async (more, reason) => {
    await expect(gatherAnswers({ ...options, ...more }, undefined)).rejects.toThrow(reason);
  });

  it("become a configuration that is read back", () => {
    const text = newConfigText({
      product: "elasticsearch",
      source: { urls: ["https://siem.example.com:9200"], api_key: variable("READER") },
      sink: { urls: ["https://siem.example.com:9200"], api_key_file: ".tagsmith/writer.secret" },
      indices: ["logs-*", "cluster:logs-*"],
      from: "now-24h",
      namespace: "prod",
    });
    const config = parseConfig(text, "tagsmith.yaml");
    expect(config.source).toMatchObject({
      type: "elasticsearch",
      indices: ["logs-*", "cluster:logs-*"],
      from: "now-24h",
    });
    expect(config.sink).toMatchObject({ type: "elasticsearch", namespace: "prod" });
    expect(config.health).toEqual({ host: "127.0.0.1", port: 7601 });
  });
});
