import type { Mapping } from "./mapping-schema.ts";

/** Mappings without their skip rules for noise, for whoever wants every event of a cluster labelled. */
export function keepNoise(mappings: readonly Mapping[]): Mapping[] {
  return mappings.map(({ skip, ...mapping }) => {
    const rules = skip?.filter((rule) => rule.noise !== true);
    return rules === undefined || rules.length === 0 ? mapping : { ...mapping, skip: rules };
  });
}
