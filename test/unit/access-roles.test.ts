import { describe, expect, it } from "vitest";
import { elasticsearchAccess, openSearchAccess } from "../../src/deploy/access-roles.ts";

const settings = { indices: ["logs-a", "east:logs-*", "east:audit-*", "west:logs-*"], namespace: "n", expiresDays: 7 };
const local = { ...settings, indices: ["logs-a", "<logs-{now/d{yyyy.MM.dd|+12:00}}>"] };

describe("the access of a reader", () => {
  it("names indices of other clusters as those call them, for clusters that trust by key and by certificate", () => {
    const [reader] = elasticsearchAccess(settings);
    const privileges = ["read", "view_index_metadata", "read_cross_cluster"];
    expect(reader?.role).toEqual({
      cluster: ["monitor"],
      indices: [
        { names: ["logs-a"], privileges: ["read", "view_index_metadata"] },
        { names: ["logs-*", "audit-*"], privileges },
      ],
      remote_indices: [
        { clusters: ["east"], names: ["logs-*", "audit-*"], privileges },
        { clusters: ["west"], names: ["logs-*"], privileges },
      ],
    });
    const [user] = openSearchAccess(settings, () => "p");
    expect(user?.role["index_permissions"]).toMatchObject([{ index_patterns: ["logs-a", "logs-*", "audit-*"] }]);
  });

  it("asks for nothing in other clusters where there are none", () => {
    const [reader] = elasticsearchAccess(local);
    expect(reader?.role).toEqual({
      cluster: ["monitor"],
      indices: [{ names: local.indices, privileges: ["read", "view_index_metadata"] }],
    });
    expect(JSON.stringify(openSearchAccess(local, () => "p")[0])).not.toContain("search_shards");
  });
});
