import { describe, expect, it } from "vitest";
import type { Encoder, Ranking } from "../../src/label/encoder.ts";

/** Encoders on one model; those of a scene share what stands behind them. */
export interface EncoderScene {
  open(): Promise<Encoder>;
  dispose(): Promise<void>;
}

export interface EncoderCheck {
  create(): Promise<EncoderScene>;
  /** What the model itself says of texts. */
  rank(texts: readonly string[]): Promise<readonly Ranking[]>;
  /** Distinct texts, at least 64. */
  readonly texts: readonly string[];
}

const open = new AbortController().signal;

const hostileTexts = [
  'quote " backslash \\ newline \n tab \t',
  "NUL \0 escape \u001b separator \u2028",
  "emoji \u{1f600} combining e\u0301 right-to-left \u202e",
  "lone surrogate \ud800 end",
  '{"version":"x","texts":[]}',
  "__proto__",
  "!",
  "x".repeat(100_000),
];

/** Bits of a ranking, so that equal means equal to the last one. */
export function bitsOf({ indices, scores }: Ranking): number[] {
  return [...indices, ...new Uint32Array(scores.slice().buffer)];
}

/** Holds an encoder to the contract of `Encoder`. */
export function checkEncoder({ create, rank, texts }: EncoderCheck): void {
  const withScene = async (use: (scene: EncoderScene) => Promise<void>): Promise<void> => {
    const scene = await create();
    try {
      await use(scene);
    } finally {
      await scene.dispose();
    }
  };
  const withEncoder = (use: (encoder: Encoder) => Promise<void>): Promise<void> =>
    withScene(async (scene) => {
      const encoder = await scene.open();
      try {
        await use(encoder);
      } finally {
        await encoder.close();
      }
    });
  const expected = async (some: readonly string[]): Promise<number[][]> => (await rank(some)).map(bitsOf);

  describe("keeps the encoder contract", () => {
    it("gives each text the model's own ranking, bit for bit and in input order", async () => {
      await withEncoder(async (encoder) => {
        expect((await encoder.encode(texts, open)).map(bitsOf)).toEqual(await expected(texts));
      });
    });

    it("gives a text the same ranking alone as among others, and when it comes again", async () => {
      await withEncoder(async (encoder) => {
        const [first = ""] = texts;
        const alone = (await encoder.encode([first], open)).map(bitsOf);
        const again = (await encoder.encode([texts[1] ?? "", first, first], open)).map(bitsOf);
        expect(alone).toEqual(await expected([first]));
        expect(again.slice(1)).toEqual([...alone, ...alone]);
      });
    });

    it("answers nothing for no texts", async () => {
      await withEncoder(async (encoder) => {
        expect(await encoder.encode([], open)).toEqual([]);
      });
    });

    it("serves many callers at once, each with its own results", async () => {
      await withEncoder(async (encoder) => {
        const calls = Array.from({ length: 12 }, (_, call) => texts.slice(call, call + 20));
        const results = await Promise.all(calls.map((call) => encoder.encode(call, open)));
        for (const [call, rankings] of results.entries()) {
          expect(rankings.map(bitsOf)).toEqual(await expected(calls[call] ?? []));
        }
        expect(encoder.counters().queued).toBe(0);
      });
    });

    it("reads hostile texts as the model does", async () => {
      await withEncoder(async (encoder) => {
        const prepared = hostileTexts.map((text) => encoder.prepare(text));
        const some = prepared.filter((text) => text !== "");
        expect((await encoder.encode(some, open)).map(bitsOf)).toEqual(await expected(some));
      });
    });

    it("rejects with the signal's reason on abort and goes on serving others", async () => {
      await withEncoder(async (encoder) => {
        const stop = new AbortController();
        const aborted = encoder.encode(
          texts.map((text) => `${text} aborted`),
          stop.signal,
        );
        const other = encoder.encode(texts.slice(0, 3), open);
        stop.abort(new Error("stop"));
        await expect(aborted).rejects.toThrow("stop");
        expect((await other).map(bitsOf)).toEqual(await expected(texts.slice(0, 3)));
        await expect(encoder.encode(texts, stop.signal)).rejects.toThrow("stop");
      });
    });

    it("counts the texts it was given", async () => {
      await withEncoder(async (encoder) => {
        const before = encoder.counters().texts;
        await encoder.encode(texts.slice(0, 7), open);
        expect(encoder.counters().texts - before).toBe(7);
      });
    });

    it("may be closed twice, and refuses texts afterwards", async () => {
      await withScene(async (scene) => {
        const encoder = await scene.open();
        await Promise.all([encoder.close(), encoder.close()]);
        await encoder.close();
        await expect(encoder.encode(texts, open)).rejects.toMatchObject({ code: "encoder_closed", remedy: "exit" });
      });
    });
  });
}
