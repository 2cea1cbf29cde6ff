import { describe, expect, it } from "vitest";
import type { Alert } from "../../src/event/alert.ts";
import type { LabelledEvent } from "../../src/event/label.ts";
import type { Verdict } from "../../src/event/verdict.ts";
import type { DeadLetter, Output, Sink } from "../../src/sdk/index.ts";

/** What stands in the system behind the sink, in writing order. */
export interface SinkContent {
  readonly labels: readonly { readonly id: string; readonly text: string }[];
  readonly verdicts: readonly { readonly id: string; readonly score: number }[];
  readonly alerts: readonly { readonly id: string; readonly rule: string }[];
  readonly deadLetters: readonly { readonly id: string; readonly excerpt: string }[];
}

/** One system behind a sink. */
export interface SinkScene {
  /** A new sink on the same system; a restart makes another one. */
  open(): Sink;
  read(): Promise<SinkContent>;
  /** Leaves behind what a process killed in the middle of a write can leave; absent where writes are atomic. */
  damage?(): Promise<void>;
  dispose(): Promise<void>;
}

export interface SinkCheck {
  create(): Promise<SinkScene>;
  /** Repeated writes of one output leave it once even without `open` in between: the system knows records by their id. */
  readonly isKeyed?: boolean;
}

const hostileTexts = [
  'quote " backslash \\ newline \n tab \t',
  "NUL \0 escape \u001b separator \u2028",
  "emoji \u{1f600} combining e\u0301 right-to-left \u202e",
  "lone surrogate \ud800 end",
  '{"index":{}}\n{"a":1}',
  "__proto__",
  "",
  "x".repeat(100_000),
];

/** Holds a sink to the contract of `Sink`. */
export function checkSink({ create, isKeyed = false }: SinkCheck): void {
  const signal = new AbortController().signal;
  const withScene = async (use: (scene: SinkScene) => Promise<void>): Promise<void> => {
    const scene = await create();
    try {
      await use(scene);
    } finally {
      await scene.dispose();
    }
  };

  describe("keeps the sink contract", () => {
    it("writes labels, verdicts, alerts and dead letters in order", async () => {
      await withScene(async (scene) => {
        const sink = scene.open();
        await sink.open(undefined);
        for (const n of [0, 1, 2]) await sink.write(outputOf(n), signal);
        await sink.close();
        expect(await scene.read()).toEqual(contentOf(0, 1, 2));
      });
    });

    it("leaves no repeats when steps are written again after a restart at the last stored position", async () => {
      await withScene(async (scene) => {
        const first = scene.open();
        await first.open(undefined);
        const stored = await first.write(outputOf(0), signal);
        await first.write(outputOf(1), signal);
        await first.close();
        const second = scene.open();
        await second.open(stored);
        await second.write(outputOf(1), signal);
        await second.write(outputOf(2), signal);
        await second.close();
        expect(await scene.read()).toEqual(contentOf(0, 1, 2));
      });
    });

    it("recovers from a write that a killed process left half done", async () => {
      await withScene(async (scene) => {
        const first = scene.open();
        await first.open(undefined);
        const stored = await first.write(outputOf(0), signal);
        await first.close();
        await scene.damage?.();
        const idle = scene.open();
        await idle.open(stored);
        await idle.close();
        expect(await scene.read()).toEqual(contentOf(0));
        const second = scene.open();
        await second.open(stored);
        await second.write(outputOf(1), signal);
        await second.close();
        expect(await scene.read()).toEqual(contentOf(0, 1));
      });
    });

    it.runIf(isKeyed)(
      "leaves no repeats when an output is written twice (sinks that know documents by id)",
      async () => {
        await withScene(async (scene) => {
          const sink = scene.open();
          await sink.open(undefined);
          await sink.write(outputOf(0), signal);
          await sink.write(outputOf(0), signal);
          await sink.close();
          expect(await scene.read()).toEqual(contentOf(0));
        });
      },
    );

    it("keeps its position when it writes nothing", async () => {
      await withScene(async (scene) => {
        const sink = scene.open();
        await sink.open(undefined);
        const before = await sink.write(outputOf(0), signal);
        expect(await sink.write({ labels: [], verdicts: [], deadLetters: [] }, signal)).toBe(before);
        await sink.close();
      });
    });

    it("writes nothing when it is aborted before", async () => {
      await withScene(async (scene) => {
        const sink = scene.open();
        await sink.open(undefined);
        await expect(sink.write(outputOf(0), AbortSignal.abort())).rejects.toThrow();
        await sink.close();
        expect(await scene.read()).toEqual(contentOf());
      });
    });

    it("may be closed twice, and before it is opened", async () => {
      await withScene(async (scene) => {
        await scene.open().close();
        const sink = scene.open();
        await sink.open(undefined);
        await sink.close();
        await sink.close();
      });
    });

    it("gives hostile text back unchanged", async () => {
      await withScene(async (scene) => {
        const sink = scene.open();
        await sink.open(undefined);
        const labels = hostileTexts.map((text, n) => labelledEvent(`e${n}`, text));
        const deadLetters = hostileTexts.map((excerpt, n) => deadLetter(`d${n}`, excerpt));
        await sink.write({ labels, verdicts: [], deadLetters }, signal);
        await sink.close();
        const content = await scene.read();
        expect(content.labels.map(({ text }) => text.toWellFormed())).toEqual(hostileTexts.map(wellFormed));
        expect(content.deadLetters.map(({ excerpt }) => excerpt.toWellFormed())).toEqual(hostileTexts.map(wellFormed));
      });
    });
  });
}

/** Step `n`: two labelled events, a verdict, an alert and a dead letter. */
function outputOf(n: number): Output {
  return {
    labels: [labelledEvent(`e${n}a`, `text ${n}a`), labelledEvent(`e${n}b`, `text ${n}b`)],
    verdicts: [verdict(`s${n}`, n / 10)],
    alerts: [alert(`a${n}`)],
    deadLetters: [deadLetter(`d${n}`, `excerpt ${n}`)],
  };
}

function contentOf(...steps: readonly number[]): SinkContent {
  const outputs = steps.map(outputOf);
  return {
    labels: outputs.flatMap(({ labels }) => labels.map(({ event: { id, text } }) => ({ id, text }))),
    verdicts: outputs.flatMap(({ verdicts }) => verdicts.map(({ id, score }) => ({ id, score }))),
    alerts: outputs.flatMap(({ alerts = [] }) => alerts.map(({ id, rule }) => ({ id, rule: rule.name }))),
    deadLetters: outputs.flatMap(({ deadLetters }) => deadLetters.map(({ id, excerpt }) => ({ id, excerpt }))),
  };
}

/** A synthetic labelled event. */
export function labelledEvent(id: string, text: string): LabelledEvent {
  return {
    event: {
      id,
      platform: "linux",
      text,
      timeMs: 1_767_225_600_000,
      sessionKey: "web-1|root",
      sessionKeyFrom: "fallback:host+user",
      host: "web-1",
      user: "root",
      mapping: "plain@1",
      origin: { source: "test", container: "test", document: id, sequence: 0 },
    },
    topLabels: [
      { label_id: "tag_a", score: 0.75, axis: "execution" },
      { label_id: "tag_b", score: 0.5, axis: "execution" },
    ],
    tags: ["tag_a"],
  };
}

/** A synthetic verdict. */
export function verdict(id: string, score: number): Verdict {
  return {
    id,
    sessionKey: id,
    segment: 1,
    platform: "linux",
    verdict: score >= 0.5 ? "intrusion" : "normal_operation",
    score,
    threshold: 0.5,
    modelProbability: score,
    phase: "final",
    events: 2,
    firstTimeMs: 1_767_225_600_000,
    lastTimeMs: 1_767_225_601_000.5,
    tags: ["tag_a"],
    contributions: [{ feature: "max_risk", value: 1, contribution: 0.25 }],
    hosts: ["web-1"],
    users: ["root"],
    model: "m@1",
  };
}

/** A synthetic alert. */
export function alert(id: string): Alert {
  return {
    id,
    kind: "rule",
    rule: { id: "7d3f0a52-93c1-4c0e-8d67-5b1c4f6e2a90", name: `Rule of ${id}`, level: "high", version: "2026-01-02" },
    timeMs: 1_767_225_600_000,
    eventIds: ["e1"],
    sessionKeys: ["web-1|root"],
    hosts: ["web-1"],
    users: ["root"],
    platforms: ["linux"],
    tags: ["tag_a"],
    scores: { tag_a: 0.75 },
    text: "nc",
  };
}

function deadLetter(id: string, excerpt: string): DeadLetter {
  return {
    id,
    code: "json_invalid",
    reason: "line 1",
    source: "test",
    container: "a.log",
    document: "line:1",
    excerpt,
  };
}

function wellFormed(text: string): string {
  return text.toWellFormed();
}
