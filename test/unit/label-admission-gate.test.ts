import { describe, expect, it } from "vitest";
import { createAdmissionGate } from "../../src/label/admission-gate.ts";

const open = new AbortController().signal;
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("createAdmissionGate", () => {
  it("lets callers wait until there is room, first come first served", async () => {
    const gate = createAdmissionGate(10);
    const entered: string[] = [];
    await gate.enter(6, open);
    const second = gate.enter(6, open).then(() => entered.push("second"));
    const third = gate.enter(1, open).then(() => entered.push("third"));
    await turn();
    expect(entered).toEqual([]);
    gate.leave(6);
    await Promise.all([second, third]);
    expect(entered).toEqual(["second", "third"]);
  });

  it("lets a caller larger than the limit in alone", async () => {
    const gate = createAdmissionGate(10);
    await gate.enter(1_000, open);
    let entered = false;
    const next = gate.enter(1, open).then(() => {
      entered = true;
    });
    await turn();
    expect(entered).toBe(false);
    gate.leave(1_000);
    await next;
  });

  it("lets a waiting caller go on abort, and those behind it in", async () => {
    const gate = createAdmissionGate(10);
    await gate.enter(8, open);
    const impatient = new AbortController();
    const waiting = gate.enter(5, impatient.signal);
    const behind = gate.enter(2, open);
    impatient.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await behind;
    await expect(gate.enter(1, AbortSignal.abort(new Error("before")))).rejects.toThrow("before");
  });
});
