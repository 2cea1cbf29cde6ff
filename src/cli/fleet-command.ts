import { loadWorkerConfig } from "../config/load-config.ts";
import { TagsmithError } from "../event/tagsmith-error.ts";
import { exitCodes } from "./exit-code.ts";
import { askFleet, fleetText } from "./fleet-status.ts";
import type { Terminal } from "./terminal.ts";

interface FleetOptions {
  readonly config: string;
  readonly json: boolean;
}

/** `tagsmith fleet`: who labels for whom, and how long the queue is. */
export async function fleetCommand(options: FleetOptions, terminal: Terminal): Promise<number> {
  const fleet = await askFleet(loadWorkerConfig(options.config));
  if (fleet === undefined) {
    throw new TagsmithError(
      "config_invalid",
      `${options.config}: queue.type: fleet needs bullmq; in_process labels without a queue.`,
      "exit",
    );
  }
  terminal.out.write(options.json ? `${JSON.stringify(fleet)}\n` : fleetText(fleet));
  return exitCodes.ok;
}
