import { setTimeout as sleep } from "node:timers/promises";

/** Any answer will do, also one that asks for credentials. */
export async function answers(url: string): Promise<boolean> {
  const { request } = url.startsWith("https") ? await import("node:https") : await import("node:http");
  return new Promise((resolve) => {
    const path = "/_cluster/health?wait_for_status=yellow&timeout=2s";
    const asked = request(`${url}${path}`, { rejectUnauthorized: false, timeout: 5_000 }, (answer) => {
      answer.resume();
      resolve([200, 401, 403].includes(answer.statusCode ?? 0));
    });
    asked.on("error", () => resolve(false));
    asked.on("timeout", () => asked.destroy());
    asked.end();
  });
}

/** Ends a server with all it started: it leads a group of its own. */
export async function endProcess(pid: number, how: NodeJS.Signals): Promise<void> {
  for (let round = 0; round < 240 && signal(pid, 0); round += 1) {
    if (round === 0) signal(pid, how);
    if (round === 120) signal(pid, "SIGKILL");
    await sleep(250);
  }
}

/** False when nobody is there any more. */
function signal(pid: number, how: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid > 1 ? -pid : pid, how);
    return true;
  } catch {
    return false;
  }
}
