import { z } from "zod";

/** Rules that are asked about every labelled event and every verdict. */
export const detectSchema = z.strictObject({
  rules: z.array(z.string().min(1)).min(1).describe("Sigma files, and folders with .yml and .yaml files."),
  lateness_secs: z.number().min(0).default(60).describe("How long an event may come behind later ones."),
  suppress_secs: z.number().min(0).default(0).describe("How long a group is silent after a correlation's alert."),
  max_groups: z.int().min(1).default(10_000).describe("Groups kept over all correlations."),
  max_events_a_group: z.int().min(1).default(1_000).describe("Events kept a group; the oldest give way."),
});
