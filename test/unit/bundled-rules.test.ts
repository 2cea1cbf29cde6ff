import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { openDetection } from "../../src/cli/open-detection.ts";
import { bundled } from "../../src/cli/paths.ts";
import { detectSchema } from "../../src/config/detect-schema.ts";
import type { LabelledEvent } from "../../src/event/label.ts";
import { loadVocabulary } from "../../src/event/vocabulary.ts";
import { labelledEvent, verdict } from "../contract/check-sink.ts";

const folder = resolve(import.meta.dirname, "../../rules/behaviour");
const tags = new Set(loadVocabulary(bundled.vocabulary()).tags.map(({ id }) => id));

interface Sample {
  readonly matching: readonly string[];
  readonly nearMiss: readonly string[];
  /** Score of the tags of the near miss; 0.9 when left out. */
  readonly nearScore?: number;
}

const samples: Readonly<Record<string, Sample>> = {
  "shell-over-network": { matching: ["spawn_bind_shell"], nearMiss: ["spawn_reverse_shell"], nearScore: 0.5 },
  "credentials-uploaded": { matching: ["upload_credential_material"], nearMiss: ["read_credential_material"] },
  "traces-removed": { matching: ["delete_audit_log"], nearMiss: ["modify_shell_history", "read_system_audit_log"] },
  "ransom-note-written": { matching: ["write_ransom_note"], nearMiss: ["write_ransom_note"], nearScore: 0.4 },
  "kernel-module-staged": {
    matching: ["load_kernel_module", "stage_temporary_path"],
    nearMiss: ["load_kernel_module"],
  },
  "host-mounted": { matching: ["mount_host_into_container"], nearMiss: ["create_privileged_container"] },
  "cluster-privilege-granted": { matching: ["grant_cluster_privilege"], nearMiss: ["grant_cloud_privilege"] },
  "boot-persistence": { matching: ["install_boot_persistence"], nearMiss: ["modify_shell_startup"] },
  "memory-of-kernel-changed": { matching: ["read_kernel_memory"], nearMiss: ["read_kernel_parameter"] },
};

function stageOf(name: string) {
  return openDetection(detectSchema.parse({ rules: [join(folder, `${name}.yml`)], lateness_secs: 0 }), "m@1").stage;
}

function tagged(id: string, some: readonly string[], score = 0.9): LabelledEvent {
  const topLabels = some.map((tag) => ({ label_id: tag, score, axis: "" }));
  return { ...labelledEvent(id, "x"), topLabels, tags: some };
}

describe("the rules that come along", () => {
  it.each(Object.entries(samples))("%s matches its sample and not the near miss", (name, sample) => {
    for (const tag of [...sample.matching, ...sample.nearMiss]) expect(tags, tag).toContain(tag);
    expect(stageOf(name).add([tagged("e", sample.matching)], [])).toHaveLength(1);
    expect(stageOf(name).add([tagged("e", sample.nearMiss, sample.nearScore)], [])).toEqual([]);
  });

  it("session-intrusion takes a closed session judged an intrusion, and no open or normal one", () => {
    const open = { ...verdict("a", 0.9), phase: "online" } as const;
    expect(stageOf("session-intrusion").add([], [open, verdict("b", 0.1)])).toEqual([]);
    expect(stageOf("session-intrusion").add([], [verdict("c", 0.9)])).toHaveLength(1);
  });

  it("many-secrets-read takes five secrets of one user, not four and one of another", () => {
    const reads = ["1", "2", "3", "4", "5"].map((id) => tagged(id, ["read_cluster_secret"]));
    expect(
      stageOf("many-secrets-read")
        .add(reads, [])
        .map(({ rule }) => rule.name),
    ).toEqual(["Many secrets read by one user"]);
    const [first, ...rest] = reads.map((one) => ({ ...one, event: { ...one.event } }));
    const other = first && { ...first, event: { ...first.event, user: "bob" } };
    expect(stageOf("many-secrets-read").add([...rest, ...(other ? [other] : [])], [])).toEqual([]);
  });

  it("are all read without a warning, together", () => {
    const { warnings, size } = openDetection(detectSchema.parse({ rules: [folder] }), "m@1");
    expect(warnings).toEqual([]);
    expect(size()).toBe(Object.keys(samples).length + 3);
  });
});
