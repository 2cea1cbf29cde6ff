import { z } from "zod";

const event = z.record(z.string(), z.unknown());

const waiting = z.strictObject({
  time: z.number(),
  event,
  order: z.tuple([z.number(), z.string()]).readonly().optional(),
  matched: z.array(z.string()),
});

const entry = z.strictObject({
  time: z.number(),
  rules: z.array(z.number()),
  values: z.array(z.union([z.string(), z.number()])),
  events: z.array(z.strictObject({ event, time: z.number() })),
});

/** What a correlator remembers, as JSON. Correlations are named by id, name or title. */
export const correlatorStateSchema = z.strictObject({
  version: z.literal(1),
  newest: z.number().nullable(),
  released: z.number().nullable(),
  /** Events that wait for earlier ones, with the ids of the rules they matched. */
  waiting: z.array(waiting),
  groups: z.array(
    z.strictObject({
      correlation: z.string(),
      key: z.string(),
      alertedAt: z.number().nullable(),
      entries: z.array(entry),
    }),
  ),
});

export type CorrelatorState = z.infer<typeof correlatorStateSchema>;
