import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Certificates for a test: an authority, what it signed for a server on loopback and for a client, and a stranger. */
export interface Certificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** The same for a server named siem.example.com. */
  readonly namedCert: string;
  readonly namedKey: string;
  readonly clientCert: string;
  readonly clientKey: string;
  /** An authority that signed none of these. */
  readonly otherCa: string;
}

/** Makes certificates with the openssl command; throws when it is not there. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), "tagsmith-certificates-"));
  const run = (...args: string[]): void => {
    execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  };
  const read = (name: string): string => readFileSync(join(folder, name), "utf8");
  const makeCa = (name: string): void => {
    const subject = `/O=Example/CN=${name}`;
    run(
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "2",
      "-subj",
      subject,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.crt`,
    );
  };
  const sign = (name: string, extensions: string): void => {
    run(
      "req",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-subj",
      `/O=Example/CN=${name}`,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.csr`,
    );
    writeFileSync(join(folder, `${name}.ext`), extensions);
    const to = ["-days", "2", "-CAcreateserial", "-extfile", `${name}.ext`, "-out", `${name}.crt`];
    run("x509", "-req", "-in", `${name}.csr`, "-CA", "ca.crt", "-CAkey", "ca.key", ...to);
  };
  try {
    makeCa("ca");
    makeCa("other");
    sign("server", "subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n");
    sign("named", "subjectAltName=DNS:siem.example.com\nextendedKeyUsage=serverAuth\n");
    sign("client", "extendedKeyUsage=clientAuth\n");
    return {
      ca: read("ca.crt"),
      cert: read("server.crt"),
      key: read("server.key"),
      namedCert: read("named.crt"),
      namedKey: read("named.key"),
      clientCert: read("client.crt"),
      clientKey: read("client.key"),
      otherCa: read("other.crt"),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
