import { createHash, createHmac } from "node:crypto";
import type { Received } from "./siem-fake-server.ts";

/** The signature that a request came with, in hex. */
export function signatureIn({ headers }: Received): string | undefined {
  return /Signature=([0-9a-f]{64})/.exec(headers.authorization ?? "")?.[1];
}

/** Signature version 4, as Amazon describes it, from what the server received. */
export function expectedSignature(sent: Received, secret: string, region: string, service: string): string {
  const [path = "", search = ""] = sent.path.split("?");
  const signed = /SignedHeaders=([^,]+)/.exec(sent.headers.authorization ?? "")?.[1]?.split(";") ?? [];
  const date = String(sent.headers["x-amz-date"]);
  const hex = (data: string | Buffer): string => createHash("sha256").update(data).digest("hex");
  const encode = (text: string): string =>
    encodeURIComponent(text).replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const canonical = [
    sent.method,
    path
      .split("/")
      .map((part) => encode(decodeURIComponent(part)))
      .join("/"),
    [...new URLSearchParams(search)]
      .map(([name, value]) => `${encode(name)}=${encode(value)}`)
      .sort()
      .join("&"),
    ...signed.map((name) => `${name}:${String(sent.headers[name]).trim()}`),
    "",
    signed.join(";"),
    hex(sent.body),
  ].join("\n");
  const scope = `${date.slice(0, 8)}/${region}/${service}/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", date, scope, hex(canonical)].join("\n");
  const mac = (key: string | Buffer, data: string): Buffer => createHmac("sha256", key).update(data).digest();
  const key = scope.split("/").reduce<string | Buffer>((from, part) => mac(from, part), `AWS4${secret}`);
  return createHmac("sha256", key).update(toSign).digest("hex");
}
