import type { Document } from "../../sdk/document.ts";
import { scalarText } from "../coerce-value.ts";
import { compilePath, isObject } from "../compile-path.ts";
import { plainOtelAttributes, plainOtelValue } from "./otel-value.ts";

/** A log record, whichever way it was encoded. */
interface LogRecord {
  readonly body: unknown;
  readonly attributes: Document;
  /** Attributes of the machine, pod and program that wrote the record. */
  readonly resource: Document;
  readonly time: unknown;
  readonly eventName: unknown;
}

/** The log records of an OTLP/JSON export request as documents, see `otelDocument`. */
export function convertOtlpLogs(document: Document): readonly Document[] | undefined {
  const resourceLogs = document["resourceLogs"] ?? document["resource_logs"];
  if (!Array.isArray(resourceLogs)) return undefined;
  return resourceLogs.filter(isObject).flatMap((one) => {
    const resource = plainOtelAttributes(objectIn(one["resource"])["attributes"]);
    const scopes = one["scopeLogs"] ?? one["scope_logs"] ?? one["instrumentationLibraryLogs"];
    return objectsIn(scopes).flatMap((scope) =>
      objectsIn(scope["logRecords"] ?? scope["log_records"]).map((record) =>
        otelDocument(otlpRecord(record, resource)),
      ),
    );
  });
}

function otlpRecord(record: Document, resource: Document): LogRecord {
  const observed = record["observedTimeUnixNano"] ?? record["observed_time_unix_nano"];
  const time = record["timeUnixNano"] ?? record["time_unix_nano"];
  return {
    body: plainOtelValue(record["body"]),
    attributes: plainOtelAttributes(record["attributes"]),
    resource,
    time: nanosToIso(time) ?? nanosToIso(observed),
    eventName: record["eventName"] ?? record["event_name"],
  };
}

const bodyText = ["body.text", "body_text", "Body", "body"].map(compilePath);
const bodyObject = ["body.structured", "body_structured", "body.flattened", "Body", "body"].map(compilePath);

/** A log record as the Elasticsearch and OpenSearch exporters store it (`body`, `attributes`, `resource`). */
export function convertOtelDocument(document: Document): readonly Document[] | undefined {
  const text = bodyText.map((read) => read(document)).find((value) => typeof value === "string");
  const object = bodyObject.map((read) => read(document)).find(isObject);
  const resource = document["resource"] ?? document["Resource"];
  return [
    otelDocument({
      body: text ?? object,
      attributes: { ...under(document, "attributes"), ...under(document, "Attributes") },
      resource:
        isObject(resource) && isObject(resource["attributes"])
          ? resource["attributes"]
          : under(document, "resource.attributes"),
      time: document["@timestamp"] ?? document["observed_timestamp"] ?? document["observedTimestamp"],
      eventName: document["event_name"],
    }),
  ];
}

/** An object under a key, or what dotted keys that begin with it hold. */
function under(document: Document, key: string): Document {
  const value = document[key];
  if (isObject(value)) return value;
  const start = `${key}.`;
  const dotted = Object.entries(document).filter(([name]) => name.startsWith(start));
  return Object.fromEntries(dotted.map(([name, inner]) => [name.slice(start.length), inner]));
}

/**
 * A record as the document it carries: an object as its body is the document, text is its `message`. Attributes join it
 * where they have other names; those of the resource too, but not `process.*`, which tells of the program that wrote the
 * record and not of one that was started. `otel_record` marks the document.
 */
function otelDocument({ body, attributes, resource, time, eventName }: LogRecord): Document {
  const place = Object.entries(resource).filter(([key]) => !/^(process|telemetry|service)(\.|$)/.test(key));
  const text = typeof body === "string" ? { message: body } : {};
  return {
    ...(typeof time === "string" ? { "@timestamp": time } : {}),
    ...Object.fromEntries(place),
    ...attributes,
    ...text,
    ...(isObject(body) ? body : {}),
    otel_record: typeof eventName === "string" ? { event_name: eventName } : { event_name: null },
  };
}

const nanos = /^(\d{1,11})(\d{9})$/;

/** Nanoseconds since 1970, as a string or number, in RFC 3339 with all digits; undefined for 0, which means unknown. */
function nanosToIso(value: unknown): string | undefined {
  const match = nanos.exec(typeof value === "number" ? value.toFixed(0) : (scalarText(value) ?? ""));
  if (match === null) return undefined;
  const [, seconds = "", fraction = ""] = match;
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, -5)}.${fraction}Z`;
}

function objectIn(value: unknown): Document {
  return isObject(value) ? value : {};
}

function objectsIn(value: unknown): readonly Document[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
