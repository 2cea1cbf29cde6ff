import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { TagsmithError } from "../event/tagsmith-error.ts";

/** What is watched and what happens then. */
export interface WatchSettings {
  /** Folders and files; what is not there counts as empty. */
  readonly paths: readonly string[];
  readonly everyMs: number;
  /** Called after a change. A TagsmithError means that what is there cannot be used. */
  readonly reload: () => void;
  readonly onReloaded: () => void;
  /** Told once for each change; the old mappings stay. */
  readonly onBroken: (error: TagsmithError) => void;
}

/**
 * Looks for changed mapping files every so often, by name, size and time; returns the function that ends it. Polling sees
 * what notifications of the system miss: mounted folders, and links that are exchanged.
 */
export function watchMappings(settings: WatchSettings): () => void {
  const { paths, everyMs } = settings;
  if (paths.length === 0 || everyMs === 0) return () => undefined;
  let seen: string | undefined;
  let isLooking = false;
  const look = async (): Promise<void> => {
    const now = (await Promise.all(paths.map(stampOf))).join("\n");
    const isChanged = seen !== undefined && seen !== now;
    seen = now;
    if (isChanged) reload(settings);
  };
  const lookOnce = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    await look().finally(() => {
      isLooking = false;
    });
  };
  void lookOnce();
  const timer = setInterval(() => void lookOnce(), everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

function reload({ reload: load, onReloaded, onBroken }: WatchSettings): void {
  try {
    load();
  } catch (error) {
    if (!(error instanceof TagsmithError)) throw error;
    onBroken(error);
    return;
  }
  onReloaded();
}

/** What tells a change: each file's name, size and time. */
async function stampOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return `${path} -`;
  if (!found.isDirectory()) return `${path} ${found.size} ${found.mtimeMs}`;
  // Of folders in it, too: rules are read from them.
  const names = await readdir(path, { recursive: true }).catch((): string[] => []);
  const files = names.filter((name) => /\.ya?ml$/i.test(name)).sort();
  const stamps = await Promise.all(
    files.map(async (name) => {
      const file = await stat(join(path, name)).catch(() => undefined);
      return `${name} ${file?.size} ${file?.mtimeMs}`;
    }),
  );
  return `${path}\n${stamps.join("\n")}`;
}
