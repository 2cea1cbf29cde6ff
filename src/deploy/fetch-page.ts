import { type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { request as requestSecurely } from "node:https";

/** What came back of a page: its head, and its text unless that was longer or slower than allowed. */
export interface Page {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string | undefined;
}

/** How much a page may cost. */
export interface PageLimits {
  /** From the first byte sent to the last one read. */
  readonly withinMs: number;
  readonly maxBytes: number;
  /** PEM of the authorities to trust; the system's when left out. */
  readonly ca?: string;
}

/**
 * One GET without credentials; redirects are not followed, certificates are verified. Rejects with Node's error when no head
 * came in time, or with the signal's reason.
 */
export function fetchPage(url: URL, { withinMs, maxBytes, ca }: PageLimits, signal: AbortSignal): Promise<Page> {
  const deadline = AbortSignal.timeout(withinMs);
  const both = AbortSignal.any([signal, deadline]);
  const send = url.protocol === "https:" ? requestSecurely : request;
  const options = {
    agent: false,
    headers: { accept: "application/json" },
    signal: both,
    ...(ca !== undefined && { ca }),
  };
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      if (signal.aborted) reject(signal.reason);
      else reject(deadline.aborted ? new Error(`no answer in ${withinMs / 1_000} s`) : error);
    };
    const asked = send(url, options, (answer) => {
      const { statusCode: status = 0, headers } = answer;
      // From here on an error means that the text is not whole, which its reader sees.
      asked.off("error", fail).on("error", () => undefined);
      readText(answer, maxBytes)
        .then((text) => (signal.aborted ? reject(signal.reason) : resolve({ status, headers, text })))
        .finally(() => asked.destroy())
        .catch(fail);
    });
    asked.on("error", fail);
    asked.end();
  });
}

/** The whole text, or undefined when it is longer than `maxBytes`, cut off or not here in time. */
async function readText(answer: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of answer) {
      if (!Buffer.isBuffer(chunk)) return undefined;
      bytes += chunk.length;
      if (bytes > maxBytes) return undefined;
      chunks.push(chunk);
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks).toString("utf8");
}
