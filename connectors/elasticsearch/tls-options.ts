import { connect, type DetailedPeerCertificate, type PeerCertificate } from "node:tls";
import { type Secrets, TagsmithError } from "#sdk";
import { errorOfFailure, timeoutFault } from "./classify-error.ts";
import type { TlsConfig } from "./connection-config.ts";

/** TLS settings as Node's `tls.connect` takes them. */
export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
  readonly servername?: string;
  readonly rejectUnauthorized: boolean;
  /** Also an intermediate or the server's own certificate may be what is trusted. */
  readonly allowPartialTrustChain?: boolean;
}

/**
 * TLS settings for `url`. A fingerprint is turned into the certificate it belongs to, which is then all that is trusted.
 * Throws `config_secret_missing`, `siem_tls_failed`, `siem_unreachable`.
 */
export async function loadTlsOptions(
  config: TlsConfig,
  url: string,
  secrets: Secrets,
  timeoutMs: number,
): Promise<TlsOptions> {
  const read = (path: string | undefined, option: string): string | undefined =>
    path === undefined ? undefined : secrets.readFile(path, option);
  const cert = read(config.cert_file, "tls.cert_file");
  const key = read(config.key_file, "tls.key_file");
  const passphrase = secrets.read("key_passphrase", config, "tls");
  const own = {
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(passphrase !== undefined && { passphrase }),
    ...(config.server_name !== undefined && { servername: config.server_name }),
    rejectUnauthorized: config.verify,
  };
  if (config.ca_fingerprint !== undefined && url.startsWith("https:")) {
    const ca = await fetchPinned(url, config.ca_fingerprint, own, timeoutMs);
    return { ...own, ca, allowPartialTrustChain: true };
  }
  const ca = read(config.ca_file, "tls.ca_file");
  return { ...own, ...(ca !== undefined && { ca, allowPartialTrustChain: true }) };
}

/** The certificate of the server's chain that has this fingerprint, as PEM. Nothing is sent before it is verified. */
function fetchPinned(url: string, fingerprint: string, own: TlsOptions, timeoutMs: number): Promise<string> {
  const wanted = fingerprint.replaceAll(":", "").toUpperCase();
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...own,
      host,
      port: Number(port || 443),
      servername: serverName(own, host),
      rejectUnauthorized: false,
    });
    socket.setTimeout(timeoutMs, () => socket.destroy(timeoutFault(url, timeoutMs)));
    socket.once("error", (error) =>
      reject(error instanceof TagsmithError ? error : errorOfFailure(url, "ConnectionError", error.message)),
    );
    socket.once("secureConnect", () => {
      const chain = chainOf(socket.getPeerCertificate(true));
      const pinned = chain.find((certificate) => certificate.fingerprint256.replaceAll(":", "") === wanted);
      socket.destroy();
      if (pinned !== undefined) resolve(pemOf(pinned.raw));
      else
        reject(
          errorOfFailure(
            url,
            "ConnectionError",
            "no certificate of the server's chain has the fingerprint in `tls.ca_fingerprint`",
          ),
        );
    });
  });
}

/** Names of hosts go with the greeting, addresses do not. */
function serverName(own: TlsOptions, host: string): string {
  return own.servername ?? (/^[\d.]+$|:/.test(host) ? "" : host);
}

function chainOf(first: DetailedPeerCertificate): PeerCertificate[] {
  const chain: DetailedPeerCertificate[] = [];
  for (let next = first; next?.raw !== undefined && !chain.includes(next); next = next.issuerCertificate)
    chain.push(next);
  return chain;
}

function pemOf(der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
