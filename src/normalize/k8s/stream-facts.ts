import type { FactList } from "./fact-list.ts";
import { queryValues } from "./request-uri.ts";
import { type Obj, text, texts } from "./safe-value.ts";

/** Subresources that open a stream into a pod; what they ask for stands in the URI's query. */
export const streamSubresources: ReadonlySet<string> = new Set(["exec", "attach", "portforward"]);

/** Facts of exec, attach and port-forward: from the URI, else from the request body (PodExecOptions). */
export function addStreamFacts(facts: FactList, query: string, body: Obj): void {
  const [container = ""] = queryValues(query, "container");
  facts.add("container", container === "" ? text(body["container"]) : container);
  const command = queryValues(query, "command");
  facts.addAll("command", command.length > 0 ? command : texts(body["command"], 1_000));
  const ports = queryValues(query, "ports");
  facts.addAll("ports", ports.length > 0 ? ports : texts(body["ports"]));
  for (const name of ["stdin", "tty"]) {
    const [value = text(body[name])] = queryValues(query, name);
    if (value === "true" || value === "1") facts.add(name, "true");
  }
}
