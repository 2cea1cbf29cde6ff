import { describe, expect, it } from "vitest";
import { DeadlineQueue } from "../../src/session/deadline-queue.ts";
import { EventStore } from "../../src/session/event-store.ts";
import { SlotTable } from "../../src/session/slot-table.ts";
import { sampleEvent, sampleScorer } from "../property/session-samples.ts";

/** Numbers that look random and are the same in every run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state;
  };
}

describe("event store", () => {
  it("knows exactly the ids it holds while thousands come and go", () => {
    const store = new EventStore(sampleScorer.space.profiles);
    const next = numbers(1);
    const held = new Map<string, number>();
    for (let step = 0; step < 20_000; step += 1) {
      const owner = next() % 3;
      const sequence = next() % 2000;
      const key = `${owner}/event-${sequence}`;
      const place = held.get(key);
      expect(store.has(owner, `event-${sequence}`), key).toBe(place !== undefined);
      if (place === undefined) held.set(key, store.add(sampleEvent("a", sequence, 0, []), sequence, owner, 0));
      else {
        store.remove(place);
        held.delete(key);
      }
      expect(store.count).toBe(held.size);
    }
    for (const [key, place] of held) {
      const [owner, id] = key.split("/");
      expect(store.owners[place]).toBe(Number(owner));
      expect(store.ids[place]).toBe(id);
    }
  });

  it("keeps the selected tags and at least the two best scores, best first, and no score that is no number", () => {
    const store = new EventStore(sampleScorer.space.profiles);
    const labels = [
      { label_id: "create_archive", score: 0.2, axis: "" },
      { label_id: "download_script", score: Number.NaN, axis: "" },
      { label_id: "enumerate_packages", score: 0.4, axis: "" },
      { label_id: "upload_external_content", score: Number.POSITIVE_INFINITY, axis: "" },
      { label_id: "a_tag_of_another_vocabulary", score: 0.3, axis: "" },
    ];
    const place = store.add(sampleEvent("a", 0, 0, labels), 0, 0, 0);
    expect(store.kept[place]).toBe(2);
    expect(store.selected[place]).toBe(0);
    expect([...store.scores.slice(place * store.width, place * store.width + 2)]).toEqual([0.4, 0.3]);
  });
});

describe("slot table", () => {
  it("gives each key one slot, in order of arrival", () => {
    const table = new SlotTable();
    const slots = new Map<number, number>();
    const next = numbers(2);
    for (let step = 0; step < 5000; step += 1) {
      const key = next() % 700;
      const slot = table.slotOf(key);
      expect(slot).toBe(slots.get(key) ?? slots.size);
      slots.set(key, slot);
    }
    expect(table.keys).toEqual([...slots.keys()]);
  });
});

describe("deadline queue", () => {
  it("hands out each item once, at the earliest time it was scheduled for", () => {
    const queue = new DeadlineQueue<{ dueMs: number; name: number }>();
    const next = numbers(3);
    const items = Array.from({ length: 300 }, (_, name) => ({ dueMs: Number.POSITIVE_INFINITY, name }));
    const earliest = new Map<number, number>();
    for (let step = 0; step < 2000; step += 1) {
      const item = items[next() % items.length];
      const dueMs = next() % 1000;
      if (item === undefined) continue;
      queue.schedule(item, dueMs);
      earliest.set(item.name, Math.min(dueMs, earliest.get(item.name) ?? Number.POSITIVE_INFINITY));
    }
    for (let nowMs = 0; nowMs <= 1001; nowMs += 1) {
      for (const item of queue.takeDue(nowMs)) {
        expect(earliest.get(item.name)).toBe(nowMs - 1);
        earliest.delete(item.name);
      }
    }
    expect(earliest.size).toBe(0);
  });
});
