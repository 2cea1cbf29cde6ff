import { isObj, text } from "../safe-value.ts";

/** gRPC codes by number, with the HTTP code each stands for (google.rpc.Code). */
const codes: readonly (readonly [http: string, name: string])[] = [
  ["200", "OK"],
  ["499", "CANCELLED"],
  ["500", "UNKNOWN"],
  ["400", "INVALID_ARGUMENT"],
  ["504", "DEADLINE_EXCEEDED"],
  ["404", "NOT_FOUND"],
  ["409", "ALREADY_EXISTS"],
  ["403", "PERMISSION_DENIED"],
  ["429", "RESOURCE_EXHAUSTED"],
  ["400", "FAILED_PRECONDITION"],
  ["409", "ABORTED"],
  ["400", "OUT_OF_RANGE"],
  ["501", "UNIMPLEMENTED"],
  ["500", "INTERNAL"],
  ["503", "UNAVAILABLE"],
  ["500", "DATA_LOSS"],
  ["401", "UNAUTHENTICATED"],
];

/** A Cloud Audit `status` as an HTTP code; none at all, and code 0, mean success. A code above 16 is HTTP already. */
export function grpcStatus(status: unknown): { readonly code: string; readonly reason: string } {
  const code = isObj(status) ? text(status["code"]) : "";
  if (code === "") return { code: "200", reason: "" };
  const known = codes[Number(code)];
  if (known === undefined) return { code, reason: "" };
  const [http, name] = known;
  return { code: http, reason: http === "200" ? "" : name };
}
