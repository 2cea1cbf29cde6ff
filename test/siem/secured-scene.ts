import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificates } from "../servers/certificates.ts";
import type { ServerVersion } from "../servers/server-version.ts";
import type { StartOptions } from "../servers/start-server.ts";
import { type Settings, type SiemScene, useServer } from "./siem-scene.ts";

const password = "correct horse battery staple 7";

/** How to start a server that asks for credentials and speaks only TLS, and how its administrator connects. */
export function secured({ product }: ServerVersion): { readonly options: StartOptions; readonly settings: Settings } {
  const { ca, cert, key } = makeCertificates();
  const caFile = join(mkdtempSync(join(tmpdir(), "tagsmith-ca-")), "ca.crt");
  writeFileSync(caFile, ca);
  const files = { "tls/ca.crt": ca, "tls/server.crt": cert, "tls/server.key": key };
  const options = product === "elasticsearch" ? elasticsearchOptions(files) : openSearchOptions(files);
  const admin =
    product === "elasticsearch" ? { username: "root-user", password } : { username: "admin", password: "admin" };
  return { options, settings: { ...admin, tls: { ca_file: caFile } } };
}

/** Starts a secured server for a file of tests; the scene speaks to it as its administrator. */
export function useSecuredServer(version: ServerVersion): SiemScene {
  const { options, settings } = secured(version);
  return useServer(version, options, settings);
}

function elasticsearchOptions(files: Readonly<Record<string, string>>): StartOptions {
  return {
    scheme: "https",
    files: { ...files, users: `root-user:${password}\n`, users_roles: "superuser:root-user\n" },
    config: [
      "xpack.security.enabled: true",
      "xpack.security.authc.api_key.enabled: true",
      "xpack.security.authc.realms.file.file1.order: 0",
      "xpack.security.http.ssl.enabled: true",
      "xpack.security.http.ssl.certificate: tls/server.crt",
      "xpack.security.http.ssl.key: tls/server.key",
      "xpack.security.http.ssl.certificate_authorities: [tls/ca.crt]",
    ],
  };
}

function openSearchOptions(files: Readonly<Record<string, string>>): StartOptions {
  const layers = ["transport", "http"].flatMap((layer) => [
    `plugins.security.ssl.${layer}.pemcert_filepath: tls/server.crt`,
    `plugins.security.ssl.${layer}.pemkey_filepath: tls/server.key`,
    `plugins.security.ssl.${layer}.pemtrustedcas_filepath: tls/ca.crt`,
  ]);
  return {
    scheme: "https",
    files,
    plugins: ["opensearch-security"],
    config: [
      ...layers,
      "plugins.security.ssl.http.enabled: true",
      "plugins.security.ssl.transport.enforce_hostname_verification: false",
      "plugins.security.allow_default_init_securityindex: true",
      'plugins.security.authcz.admin_dn: ["CN=client,O=Example"]',
      'plugins.security.nodes_dn: ["CN=server,O=Example"]',
      'plugins.security.restapi.roles_enabled: ["all_access"]',
    ],
  };
}

/** A user or key that may do just what `indices` says, as connection settings. */
export async function grant(
  scene: SiemScene,
  name: string,
  indices: readonly { readonly names: readonly string[]; readonly privileges: readonly string[] }[],
): Promise<Settings> {
  const tls = { ca_file: scene.caFile };
  if (scene.client.server.product === "elasticsearch") {
    const role = { indices };
    const body = { name, role_descriptors: { [name]: role } };
    const made = await scene.ask({ method: "POST", path: "/_security/api_key", body });
    return { tls, api_key: String(Reflect.get(Object(made), "encoded")) };
  }
  const index_permissions = indices.map(({ names, privileges }) => ({
    index_patterns: names,
    allowed_actions: privileges,
  }));
  const api = "/_plugins/_security/api";
  await scene.ask({ method: "PUT", path: `${api}/internalusers/${name}`, body: { password } });
  await scene.ask({ method: "PUT", path: `${api}/roles/${name}`, body: { index_permissions } });
  await scene.ask({ method: "PUT", path: `${api}/rolesmapping/${name}`, body: { users: [name] } });
  return { tls, username: name, password };
}
