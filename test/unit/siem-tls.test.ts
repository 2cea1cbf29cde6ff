import { X509Certificate } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  elasticsearchConnectionSchema,
  openSearchConnectionSchema,
} from "../../connectors/elasticsearch/connection-config.ts";
import { openElasticsearch } from "../../connectors/elasticsearch/open-client.ts";
import { openOpenSearch } from "../../connectors/opensearch/open-client.ts";
import { createSecrets } from "../../src/sdk/secrets.ts";
import { makeCertificates } from "../servers/certificates.ts";
import { runs } from "../servers/missing-tools.ts";
import { elasticsearchAbout, type FakeServer, openSearchAbout, startFakeServer } from "./siem-fake-server.ts";

const never = new AbortController().signal;
// Certificates are made with openssl, which every CI has.
if (runs("openssl", "version") || process.env["CI"] !== undefined) tlsSuite();
else describe.skip("TLS: needs openssl", () => it("is left out", () => undefined));

function tlsSuite(): void {
  const folder = mkdtempSync(join(tmpdir(), "tagsmith-tls-"));
  const made = makeCertificates();

  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };

  const ca_file = file("ca.crt", made.ca);
  const otherCa = file("other.crt", made.otherCa);
  const [cert_file, key_file] = [file("client.crt", made.clientCert), file("client.key", made.clientKey)];
  const fingerprintOf = (pem: string): string => new X509Certificate(pem).fingerprint256;

  for (const product of ["elasticsearch", "opensearch"] as const) {
    describe(`TLS to ${product}`, () => {
      let server: FakeServer | undefined;
      let strict: FakeServer | undefined;
      beforeAll(async () => {
        const about = product === "elasticsearch" ? elasticsearchAbout("9.4.3") : openSearchAbout("3.4.0");
        // The authority's certificate goes along, as it does with both products' own set-up.
        const tls = { cert: made.cert + made.ca, key: made.key };
        server = await startFakeServer(() => about, tls);
        strict = await startFakeServer(() => about, {
          ...tls,
          requestCert: true,
          rejectUnauthorized: true,
          ca: made.ca,
        });
      });
      afterAll(async () => {
        await server?.close();
        await strict?.close();
      });

      const open = async (url: string | undefined, tls: Readonly<Record<string, unknown>>): Promise<string> => {
        const settings = { urls: [url ?? ""], tls };
        const client =
          product === "elasticsearch"
            ? await openElasticsearch(elasticsearchConnectionSchema.parse(settings), createSecrets({}, "source"), never)
            : await openOpenSearch(openSearchConnectionSchema.parse(settings), createSecrets({}, "source"), never);
        await client.close();
        return client.server.version;
      };

      it("trusts the authority it is given, by file or by fingerprint, and the server's own fingerprint", async () => {
        for (const tls of [
          { ca_file },
          { ca_fingerprint: fingerprintOf(made.ca) },
          { ca_fingerprint: fingerprintOf(made.ca).replaceAll(":", "").toLowerCase() },
          { ca_fingerprint: fingerprintOf(made.cert) },
          { verify: false },
        ]) {
          await expect(open(server?.url, tls), JSON.stringify(tls)).resolves.toMatch(/^\d/);
        }
      });

      it("refuses a server it has no reason to trust", async () => {
        for (const tls of [{}, { ca_file: otherCa }, { ca_fingerprint: fingerprintOf(made.otherCa) }]) {
          await expect(open(server?.url, tls), JSON.stringify(tls)).rejects.toMatchObject({
            code: "siem_tls_failed",
            remedy: "exit",
            message: expect.stringContaining("tls.ca_file"),
          });
        }
      });

      it("refuses a certificate for another name, and takes it under the name that is configured", async () => {
        const about = product === "elasticsearch" ? elasticsearchAbout("9.4.3") : openSearchAbout("3.4.0");
        const named = await startFakeServer(() => about, { cert: made.namedCert, key: made.namedKey });
        await expect(open(named.url, { ca_file })).rejects.toMatchObject({ code: "siem_tls_failed" });
        await expect(open(named.url, { ca_file, server_name: "siem.example.com" })).resolves.toMatch(/^\d/);
        await named.close();
      });

      it("shows its own certificate where one is asked for", async () => {
        await expect(open(strict?.url, { ca_file, cert_file, key_file })).resolves.toMatch(/^\d/);
        await expect(open(strict?.url, { ca_file })).rejects.toMatchObject({
          code: expect.stringMatching(/siem_(tls_failed|unreachable)/),
        });
      });

      it("says that the server speaks no TLS, or only TLS", async () => {
        const plain = await startFakeServer(() => openSearchAbout("3.4.0"));
        await expect(open(plain.url.replace("http:", "https:"), { ca_file })).rejects.toMatchObject({
          code: "siem_tls_failed",
        });
        await plain.close();
        await expect(open(server?.url.replace("https:", "http:"), {})).rejects.toMatchObject({
          message: expect.stringContaining("https://"),
        });
      });
    });
  }
}
