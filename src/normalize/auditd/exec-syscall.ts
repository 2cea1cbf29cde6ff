interface Architecture {
  readonly name: string;
  readonly exec: readonly string[];
}

/** Architectures by the audit number, with their numbers of execve and execveat (kernel syscall tables). */
const architectures: Readonly<Record<string, Architecture>> = {
  c000003e: { name: "x86_64", exec: ["59", "322", "1073742344", "1073742369"] },
  "40000003": { name: "i386", exec: ["11", "358"] },
  c00000b7: { name: "aarch64", exec: ["221", "281"] },
  "40000028": { name: "arm", exec: ["11", "387"] },
  c0000015: { name: "ppc64le", exec: ["11", "362"] },
  "80000015": { name: "ppc64", exec: ["11", "362"] },
  "80000016": { name: "s390x", exec: ["11", "354"] },
  c00000f3: { name: "riscv64", exec: ["221", "281"] },
  "400000f3": { name: "riscv32", exec: ["221", "281"] },
  c0000102: { name: "loongarch64", exec: ["221", "281"] },
  "14": { name: "ppc", exec: ["11", "362"] },
  "16": { name: "s390", exec: ["11", "354"] },
  "8000002b": { name: "sparc64", exec: ["59", "350"] },
};

/** Name of an architecture: the enriched one, or by number; the number itself where it is unknown. */
export function architectureName(arch: string | undefined, enriched: string | undefined): string | undefined {
  if (enriched !== undefined) return enriched;
  return arch === undefined ? undefined : (architectures[arch]?.name ?? arch);
}

/** `execve` or `execveat` where the call is one of them, the enriched name, or the number as written. */
export function syscallName(
  arch: string | undefined,
  number: string | undefined,
  enriched: string | undefined,
): string | undefined {
  if (enriched !== undefined) return enriched;
  if (number === undefined) return undefined;
  const known = arch === undefined ? undefined : (architectures[arch] ?? byName(arch));
  const place = known?.exec.indexOf(number) ?? -1;
  return place < 0 ? number : place % 2 === 0 ? "execve" : "execveat";
}

function byName(name: string): Architecture | undefined {
  return Object.values(architectures).find((known) => known.name === name);
}
