import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectRedis, type RedisConnection } from "../../src/queue/redis-connection.ts";
import { createResultCache } from "../../src/queue/result-cache.ts";
import { type RunningRedis, startRedis } from "../servers/start-redis.ts";
import { redisAt, textsOf } from "./queue-scene.ts";

let server: RunningRedis;
let connection: RedisConnection;
beforeAll(async () => {
  server = await startRedis();
  connection = await connectRedis(redisAt(server.url), () => undefined);
});
afterAll(async () => {
  await connection?.close();
  await server?.stop();
});

describe("the shared cache", () => {
  it("keeps what is asked for again and forgets the rest, within its bound", async () => {
    let nowMs = 0;
    const cache = createResultCache(connection, "bound", 20, () => (nowMs += 2_000));
    const size = async (name: string): Promise<number> =>
      Number(await connection.call("HLEN", [connection.key("cache", "bound", name)]));
    await cache.store(["kept", "lost"], ["1", "2"]);
    for (let round = 0; round < 6; round += 1) {
      await cache.store(textsOf(`round ${round}`, 5), textsOf("value", 5));
      expect(await cache.find(["kept"])).toEqual(["1"]);
      expect((await size("young")) + (await size("old"))).toBeLessThanOrEqual(20 + 5);
    }
    expect(await cache.find(["lost", "kept", "never"])).toEqual([undefined, "1", undefined]);
  });

  it("keeps versions apart and takes odd names", async () => {
    const [one, two] = ["a", "b"].map((name) => createResultCache(connection, name, 10, () => 0));
    await one?.store(["__proto__", ""], ["x", "y"]);
    expect(await one?.find(["__proto__", ""])).toEqual(["x", "y"]);
    expect(await two?.find(["__proto__", ""])).toEqual([undefined, undefined]);
    await one?.drop();
    expect(await one?.find(["__proto__", ""])).toEqual([undefined, undefined]);
  });

  it("holds nothing when it may hold nothing", async () => {
    const none = createResultCache(connection, "none", 0, () => 0);
    await none.store(["a"], ["1"]);
    expect(await none.find(["a"])).toEqual([undefined]);
    expect(await connection.call("EXISTS", [connection.key("cache", "none", "young")])).toBe(0);
  });
});
