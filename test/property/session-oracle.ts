import type { Label } from "../../src/event/label.ts";
import type { Tag, Vocabulary } from "../../src/event/vocabulary.ts";

/** Session features straight from their definition, a pass over all events for each: slow, simple, and independent. */
export function oracleFeatures(vocabulary: Vocabulary, session: readonly (readonly Label[])[]): Map<string, number> {
  const events = session.map((labels) => oracleEvent(vocabulary, labels));
  const n = Math.max(events.length, 1);
  const share = (holds: (event: OracleEvent) => boolean) => events.filter(holds).length / n;
  const intensities = events.map((event) => event.intensity);
  const mean = sum(intensities) / n;
  const tail = events.slice(-16);
  const long = n >= 32 ? Math.log(1 + n) : 0;
  const ratios = {
    explicit_attack: share((event) => event.explicitAttack),
    operational_only: share((event) => event.operationalOnly),
    routine_maintenance: share((event) => event.routineOnly),
    professional: share((event) => event.professional),
    professional_anchor: share((event) => event.anchor),
    professional_sensitive: share((event) => event.sensitive),
  };
  const tagged = share((event) => event.tags.length > 0);
  const features: Record<string, number> = {
    schema_bias: 1,
    events: n,
    log_events: Math.log(1 + n),
    events_ge_32: Number(events.length >= 32),
    events_ge_128: Number(events.length >= 128),
    events_ge_512: Number(events.length >= 512),
    events_ge_2048: Number(events.length >= 2048),
    tagged_event_ratio: tagged,
    selected_tags_per_event: sum(events.map((event) => event.tags.length)) / n,
    unique_tag_count: new Set(events.flatMap((event) => event.tags)).size,
    unique_family_count: new Set(events.flatMap((event) => event.families)).size,
    unique_marker_count: new Set(events.flatMap((event) => event.markers)).size,
    event_intensity_mean: mean,
    event_intensity_max: Math.max(0, ...intensities),
    event_intensity_min: events.length === 0 ? 0 : Math.min(10, ...intensities),
    event_intensity_std: Math.sqrt(sum(intensities.map((value) => (value - mean) ** 2)) / n),
    event_intensity_over_5_ratio: share((event) => event.intensity >= 5),
    event_intensity_over_6_ratio: share((event) => event.intensity >= 6),
    event_intensity_over_7_ratio: share((event) => event.intensity >= 7),
    top1_score_mean: sum(events.map((event) => event.top1)) / n,
    top1_score_max: Math.max(0, ...events.map((event) => event.top1)),
    top_margin_mean: sum(events.map((event) => Math.max(0, event.top1 - event.top2))) / n,
    tail16_event_intensity_mean: sum(tail.map((event) => event.intensity)) / Math.max(tail.length, 1),
    tail16_event_intensity_max: Math.max(0, ...tail.map((event) => event.intensity)),
    tail16_tagged_ratio: tail.filter((event) => event.tags.length > 0).length / Math.max(tail.length, 1),
    tail16_marker_mean: sum(tail.map((event) => event.markers.length)) / Math.max(tail.length, 1),
    long_context: long,
    long_context_tagged_ratio: long * tagged,
  };
  for (const [name, ratio] of Object.entries(ratios)) {
    features[`${name}_ratio`] = ratio;
    if (name !== "professional_sensitive") features[`long_context_${name}_ratio`] = long * ratio;
  }
  return new Map(Object.entries({ ...features, ...oracleChains(events), ...oracleCounts(events, n) }));
}

interface OracleEvent {
  readonly tags: readonly string[];
  readonly scores: readonly number[];
  readonly families: readonly string[];
  readonly markers: readonly string[];
  readonly points: Readonly<Record<string, number>>;
  readonly intensity: number;
  readonly explicitAttack: boolean;
  readonly professional: boolean;
  readonly anchor: boolean;
  readonly sensitive: boolean;
  readonly routineOnly: boolean;
  readonly operationalOnly: boolean;
  readonly top1: number;
  readonly top2: number;
}

function oracleEvent(vocabulary: Vocabulary, labels: readonly Label[]): OracleEvent {
  const ranked = [...labels].sort((a, b) => b.score - a.score);
  const selected = oracleSelection(vocabulary, ranked);
  const found = selected.map(({ label_id, score }) => ({
    ...profileOf(
      vocabulary,
      vocabulary.tags.find((tag) => tag.id === label_id),
    ),
    factor: Math.min(1, Math.max(0.35, (score - 0.2) / 0.6)),
  }));
  const points: Record<string, number> = {};
  for (const { family, points: own, factor } of found) points[family] = (points[family] ?? 0) + own * factor;
  const total = 4 + sum(Object.values(points));
  return {
    tags: selected.map((label) => label.label_id),
    scores: selected.map((label) => label.score),
    families: [...new Set(found.map((profile) => profile.family))].sort(),
    markers: [...new Set(found.flatMap((profile) => profile.markers))].sort(),
    points,
    intensity: Math.min(10, Math.max(0, total)),
    explicitAttack: found.some((profile) => profile.explicitAttack),
    professional: found.some((profile) => profile.professional !== undefined),
    anchor: found.some(({ professional }) => professional === "anchor" || professional === "anchor_sensitive"),
    sensitive: found.some(({ professional }) => professional === "sensitive" || professional === "anchor_sensitive"),
    routineOnly: found.length > 0 && found.every((profile) => profile.routine),
    operationalOnly: found.length > 0 && found.every((profile) => profile.calm),
    top1: ranked[0]?.score ?? 0,
    top2: ranked[1]?.score ?? 0,
  };
}

function oracleSelection({ selection }: Vocabulary, ranked: readonly Label[]): Label[] {
  const [best] = ranked;
  if (best === undefined || best.score < selection.min_score) return [];
  const selected: Label[] = [];
  for (const label of ranked) {
    if (best.score - label.score > selection.multi_label_gap || selected.length === selection.max_tags) break;
    if (label.score >= selection.min_score) selected.push(label);
  }
  return selected;
}

function profileOf(vocabulary: Vocabulary, tag: Tag | undefined) {
  const group = vocabulary.groups[tag?.group ?? ""] ?? { points: 0.5, family: "generic" };
  const own = tag?.risk;
  const markers = own?.markers ?? [];
  const explicitAttack = own?.explicit_attack === true;
  return {
    points: own === undefined ? group.points : (own.points ?? 0),
    family: own === undefined ? group.family : (own.family ?? "generic"),
    markers,
    explicitAttack,
    calm: own?.benign === true || own?.operational === true,
    routine: tag?.routine_maintenance === true && !explicitAttack && markers.length === 0,
    professional: tag?.professional,
  };
}

function oracleCounts(events: readonly OracleEvent[], n: number): Record<string, number> {
  const out: Record<string, number> = {};
  for (const tag of new Set(events.flatMap((event) => event.tags))) {
    const scores = events.flatMap((event) => event.scores.filter((_, i) => event.tags[i] === tag));
    out[`tag_count_log::${tag}`] = Math.log(1 + scores.length);
    out[`tag_ratio::${tag}`] = scores.length / n;
    out[`tag_score_mean::${tag}`] = sum(scores) / scores.length;
    out[`tag_score_max::${tag}`] = Math.max(...scores);
  }
  for (const kind of ["family", "marker"] as const) {
    const namesOf = (event: OracleEvent) => (kind === "family" ? event.families : event.markers);
    for (const name of new Set(events.flatMap(namesOf))) {
      const count = events.filter((event) => namesOf(event).includes(name)).length;
      out[`${kind}_count_log::${name}`] = Math.log(1 + count);
      out[`${kind}_ratio::${name}`] = count / n;
      if (kind === "family") out[`family_points::${name}`] = sum(events.map((event) => event.points[name] ?? 0)) / n;
    }
    for (let i = 1; i < events.length; i += 1) {
      const [previous, current] = [events[i - 1], events[i]];
      if (previous === undefined || current === undefined) continue;
      for (const a of namesOf(previous)) {
        for (const b of namesOf(current)) {
          const name = `${kind}_transition::${a}->${b}`;
          out[name] = (out[name] ?? 0) + 1 / Math.max(n - 1, 1);
        }
      }
    }
  }
  return out;
}

function oracleChains(events: readonly OracleEvent[]): Record<string, number> {
  const chain = (kind: "families" | "markers" | "tags", ...pairs: readonly (readonly [string, string])[]) =>
    Number(
      pairs.some(([a, b]) => {
        const first = events.findIndex((event) => event[kind].includes(a));
        return first >= 0 && first < events.findLastIndex((event) => event[kind].includes(b));
      }),
    );
  const occurs = (marker: string) => events.some((event) => event.markers.includes(marker));
  return {
    chain_marker_credential_before_egress: chain("markers", ["credential_access", "egress"]),
    chain_marker_credential_before_persistence: chain("markers", ["credential_access", "persistence"]),
    chain_marker_ingress_before_persistence: chain("markers", ["ingress_execution", "persistence"]),
    chain_marker_identity_and_credential: Number(occurs("identity_policy") && occurs("credential_access")),
    chain_marker_recon_before_credential: chain("markers", ["recon", "credential_access"]),
    chain_marker_remote_before_boundary: chain("markers", ["remote_access", "boundary_cross"]),
    chain_family_remote_before_privilege: chain("families", ["remote_access", "privilege"]),
    chain_family_network_recon_before_remote: chain("families", ["network_recon", "remote_access"]),
    chain_family_data_movement_before_data_egress: chain("families", ["data_movement", "data_egress"]),
    chain_tag_archive_before_upload: chain(
      "tags",
      ["create_archive", "upload_external_content"],
      ["archive_sensitive_content", "upload_sensitive_content"],
      ["read_credential_material", "upload_credential_material"],
    ),
    chain_tag_download_before_execute: chain(
      "tags",
      ["download_script", "execute_downloaded_content"],
      ["download_executable", "execute_downloaded_content"],
      ["download_executable", "write_executable_content"],
    ),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
