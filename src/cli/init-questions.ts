import { existsSync } from "node:fs";
import type { DashboardsPlace } from "../deploy/find-dashboards.ts";
import { TagsmithError } from "../event/tagsmith-error.ts";
import type { Asker } from "./ask.ts";
import { printable } from "./terminal.ts";

/** Asks until the answer has no fault; an input that ends gives the standard, which has none. */
export async function askValid(
  asker: Asker | undefined,
  question: string,
  standard: string,
  faultOf: (answer: string) => string | undefined,
): Promise<string | undefined> {
  for (;;) {
    const answer = await asker?.ask(question, standard);
    const fault = answer === undefined || answer === standard ? undefined : faultOf(answer);
    if (fault === undefined) return answer;
    asker?.tell(`${printable(fault)}.`);
  }
}

/** Why this is no address that can be connected to. */
export function addressFault(text: string): string | undefined {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text))
    return `${text} is not an address: http://HOST:PORT or https://HOST`;
  const { username, password } = new URL(text);
  return username + password === "" ? undefined : "an address holds no credentials here; they are given apart from it";
}

/** Throws `option_invalid` where there is a fault. */
export function refuse(option: string, fault: string | undefined): void {
  if (fault !== undefined) throw new TagsmithError("option_invalid", `${option}: ${fault}.`, "exit");
}

/** PEM file of an authority that is to be trusted; undefined for those of the system. */
export async function askCaFile(asker: Asker): Promise<string | undefined> {
  const question = "PEM file of the authority that signed its certificate (empty: one that this system trusts)";
  const file = await askValid(asker, question, "", (path) => (existsSync(path) ? undefined : `${path} is not there`));
  return file === "" ? undefined : file;
}

const besides = "look at port 5601";
const dashboardsFault = (text: string) => (text === "none" || text === besides ? undefined : addressFault(text));

export function askDashboards(asker: Asker | undefined): Promise<string | undefined> {
  return askValid(asker, "Address of Kibana or OpenSearch Dashboards, or none", besides, dashboardsFault);
}

/** Where to look for Kibana or Dashboards; throws `option_invalid`. */
export function placeOf(told: string | undefined, serverUrl: string): DashboardsPlace {
  if (told === undefined || told === besides) return { kind: "beside", serverUrl };
  refuse("--dashboards", dashboardsFault(told));
  return told === "none" ? { kind: "nowhere" } : { kind: "named", url: told };
}
