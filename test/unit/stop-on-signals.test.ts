import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { stopOnSignals } from "../../src/cli/stop-on-signals.ts";

function started() {
  const exits: number[] = [];
  const target = Object.assign(new EventEmitter(), { exit: (code: number) => exits.push(code) });
  const clock = { ms: 1_000 };
  const told: string[] = [];
  const stop = stopOnSignals(
    target,
    () => clock.ms,
    () => told.push("stopping"),
  );
  return { exits, target, clock, told, stop };
}

describe("stopping on signals", () => {
  it("takes the echoes of one Ctrl-C for one stop", () => {
    const { exits, target, clock, told, stop } = started();
    target.emit("SIGINT");
    clock.ms += 5;
    target.emit("SIGINT");
    target.emit("SIGTERM");
    expect(stop.signal.aborted).toBe(true);
    expect(told).toEqual(["stopping"]);
    expect(exits).toEqual([]);
  });

  it("ends the process at a second Ctrl-C", () => {
    const { exits, target, clock } = started();
    target.emit("SIGINT");
    clock.ms += 1_000;
    target.emit("SIGINT");
    expect(exits).toEqual([130]);
  });

  it("tells what the stop broke off from what failed by itself", () => {
    const { target, stop } = started();
    expect(stop.isReasonOf(new DOMException("aborted", "AbortError"))).toBe(false);
    target.emit("SIGTERM");
    expect(stop.isReasonOf(stop.signal.reason)).toBe(true);
    expect(stop.isReasonOf(new DOMException("aborted", "AbortError"))).toBe(true);
    expect(stop.isReasonOf(new Error("disk gone"))).toBe(false);
  });

  it("listens no more once released", () => {
    const { target, stop } = started();
    stop.release();
    expect([target.listenerCount("SIGINT"), target.listenerCount("SIGTERM")]).toEqual([0, 0]);
  });
});
