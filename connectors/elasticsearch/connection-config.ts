import { z } from "zod";

const text = z.string().min(1);

const tlsSchema = z
  .strictObject({
    /** PEM file of the authority that signed the server's certificate; the system's authorities when left out. */
    ca_file: text.optional(),
    /** SHA-256 of the authority's certificate, or of the server's own, in hex. */
    ca_fingerprint: z
      .string()
      .regex(/^([0-9a-f]{2}:?){32}$/i, "expected the 64 hex digits of a SHA-256 fingerprint")
      .optional(),
    /** PEM files of a client certificate. */
    cert_file: text.optional(),
    key_file: text.optional(),
    key_passphrase: text.optional(),
    key_passphrase_file: text.optional(),
    /** The name the server's certificate must carry, when it is not the one in the address. */
    server_name: text.optional(),
    /** false: anyone can read and change what is sent. */
    verify: z.boolean().default(true),
  })
  .refine((tls) => (tls.cert_file === undefined) === (tls.key_file === undefined), {
    error: "cert_file and key_file are given together",
  });

const secrets = {
  username: text.optional(),
  password: text.optional(),
  password_file: text.optional(),
  bearer_token: text.optional(),
  bearer_token_file: text.optional(),
};

const address = z
  .string()
  .min(1)
  .refine((url) => /^(https?:\/\/|\$\{(env|keystore|credential):)/.test(url), {
    error: "expected an address that begins with http:// or https://",
  })
  .refine((url) => !/^https?:\/\/[^/@]*@/.test(url), {
    error: "put the credentials into username and password, not into the address",
  });

/** What both products need to connect. */
const connection = {
  urls: z.array(address).min(1),
  ...secrets,
  tls: tlsSchema.prefault({}),
  /** Address of an HTTP proxy, with its credentials if it wants some. */
  proxy: text.optional(),
  /** Sent with every request. */
  headers: z.record(z.string().regex(/^[A-Za-z0-9-]+$/), z.string()).optional(),
  request_timeout_secs: z.number().positive().max(3_600).default(60),
  /** gzip for what is sent. */
  compression: z.boolean().default(true),
};

/** How to reach Elasticsearch. */
export const elasticsearchConnectionSchema = z.strictObject({
  ...connection,
  urls: connection.urls.optional(),
  /** From the deployment's page in Elastic Cloud; instead of `urls`. */
  cloud_id: text.optional(),
  /** Encoded as Elasticsearch prints it, or `id:key`. */
  api_key: text.optional(),
  api_key_file: text.optional(),
});

/** How to reach OpenSearch. */
export const openSearchConnectionSchema = z.strictObject({
  ...connection,
  /** Amazon OpenSearch Service: requests are signed. Keys come from here, or from where AWS's own tools find them. */
  aws: z
    .strictObject({
      region: text,
      service: z.enum(["es", "aoss"]).default("es"),
      access_key_id: text.optional(),
      access_key_id_file: text.optional(),
      secret_access_key: text.optional(),
      secret_access_key_file: text.optional(),
      session_token: text.optional(),
      session_token_file: text.optional(),
    })
    .optional(),
});

export type ElasticsearchConnectionConfig = z.infer<typeof elasticsearchConnectionSchema>;
export type OpenSearchConnectionConfig = z.infer<typeof openSearchConnectionSchema>;
export type TlsConfig = z.infer<typeof tlsSchema>;
