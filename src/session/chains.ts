import type { TagProfiles } from "./tag-profiles.ts";

type Kind = "family" | "marker" | "tag";

/** `before`: some event with one of the first comes before some event with its counterpart. `both`: both occur. */
interface ChainRule {
  readonly feature: string;
  readonly kind: Kind;
  readonly order: "before" | "both";
  readonly pairs: readonly (readonly [string, string])[];
}

function before(feature: string, kind: Kind, ...pairs: readonly (readonly [string, string])[]): ChainRule {
  return { feature, kind, order: "before", pairs };
}

/** In the order of the feature list. */
export const chainRules: readonly ChainRule[] = [
  before("chain_marker_credential_before_egress", "marker", ["credential_access", "egress"]),
  before("chain_marker_credential_before_persistence", "marker", ["credential_access", "persistence"]),
  before("chain_marker_ingress_before_persistence", "marker", ["ingress_execution", "persistence"]),
  {
    feature: "chain_marker_identity_and_credential",
    kind: "marker",
    order: "both",
    pairs: [["identity_policy", "credential_access"]],
  },
  before("chain_marker_recon_before_credential", "marker", ["recon", "credential_access"]),
  before("chain_marker_remote_before_boundary", "marker", ["remote_access", "boundary_cross"]),
  before("chain_family_remote_before_privilege", "family", ["remote_access", "privilege"]),
  before("chain_family_network_recon_before_remote", "family", ["network_recon", "remote_access"]),
  before("chain_family_data_movement_before_data_egress", "family", ["data_movement", "data_egress"]),
  before(
    "chain_tag_archive_before_upload",
    "tag",
    ["create_archive", "upload_external_content"],
    ["archive_sensitive_content", "upload_sensitive_content"],
    ["read_credential_material", "upload_credential_material"],
  ),
  before(
    "chain_tag_download_before_execute",
    "tag",
    ["download_script", "execute_downloaded_content"],
    ["download_executable", "execute_downloaded_content"],
    ["download_executable", "write_executable_content"],
  ),
];

/** One pair of a chain as bits in the mask of its kind. */
interface CompiledPair {
  readonly bit: number;
  readonly kind: Kind;
  readonly first: number;
  readonly second: number;
  readonly both: boolean;
}

/** Chain rules against a vocabulary: names become bits; a name the vocabulary lacks never occurs. */
export interface Chains {
  readonly pairs: readonly CompiledPair[];
  /** Bits of the tags that chains name, by tag index; 0 for all others. */
  readonly tagBits: readonly number[];
}

export function compileChains(profiles: TagProfiles): Chains {
  const chainTags = [...new Set(chainRules.filter((rule) => rule.kind === "tag").flatMap((rule) => rule.pairs.flat()))];
  const names = { family: profiles.families, marker: profiles.markers, tag: chainTags };
  const pairs = chainRules.flatMap(({ kind, order, pairs }, position) =>
    pairs.map(([first, second]) => ({
      bit: 1 << position,
      kind,
      first: bitOf(names[kind], first),
      second: bitOf(names[kind], second),
      both: order === "both",
    })),
  );
  return { pairs, tagBits: profiles.ids.map((id) => bitOf(chainTags, id)) };
}

function bitOf(names: readonly string[], name: string): number {
  const position = names.indexOf(name);
  return position < 0 ? 0 : 1 << position;
}

/** What has occurred of one kind before an event, and in it. */
export interface Occurrence {
  seen: number;
  current: number;
}

/** Bits of the chains completed by the current event. */
export function completedChains({ pairs }: Chains, occurrence: Readonly<Record<Kind, Occurrence>>): number {
  let bits = 0;
  for (let i = 0; i < pairs.length; i += 1) {
    const pair = pairs[i];
    if (pair === undefined) break;
    const { seen, current } = occurrence[pair.kind];
    const first = pair.both ? seen | current : seen;
    const second = pair.both ? seen | current : current;
    if ((first & pair.first) !== 0 && (second & pair.second) !== 0) bits |= pair.bit;
  }
  return bits;
}
