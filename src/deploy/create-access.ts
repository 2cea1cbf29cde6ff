import { z } from "zod";
import type { SearchServer } from "../sdk/search-server.ts";
import type { Access } from "./access-roles.ts";

const apiKeySchema = z.looseObject({ id: z.string(), api_key: z.string() });

/** What a part of Tagsmith proves itself with. */
export type Secret =
  | { readonly kind: "api_key"; readonly apiKey: string }
  | { readonly kind: "password"; readonly password: string };

/** Creates access with an administrator's connection. Throws what `SearchServer.request` throws. */
export async function createAccess(server: SearchServer, access: Access, signal: AbortSignal): Promise<Secret> {
  for (const step of access.before) await server.request(step, signal);
  const { body } = await server.request(access.request, signal);
  const key = apiKeySchema.safeParse(body);
  if (key.success) return { kind: "api_key", apiKey: `${key.data.id}:${key.data.api_key}` };
  return { kind: "password", password: String(access.request.body["password"]) };
}
