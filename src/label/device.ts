import { TagsmithError } from "../event/tagsmith-error.ts";

const providers = ["cpu", "cuda", "dml", "coreml"] as const;

/** What a graph runs on. */
export interface Device {
  /** As the user wrote it; `cpu#2` for the second of equal ones. */
  readonly name: string;
  readonly provider: (typeof providers)[number];
  /** Which of the accelerators of that kind. */
  readonly number: number;
}

/** The processor, which every build of the runtime can use. */
export const processor: Device = { name: "cpu", provider: "cpu", number: 0 };

/**
 * Reads names such as `cpu`, `cuda:1`, `dml:0`, `coreml`; whether the machine has them shows when a model is loaded.
 * Throws `config_invalid` for other kinds.
 */
export function parseDevices(names: readonly string[]): readonly Device[] {
  return names.map((name, place) => {
    const [kind, number = "0"] = name.split(":");
    const provider = providers.find((known) => known === kind);
    if (provider === undefined) throw new TagsmithError("config_invalid", `${name} is no device`, "exit");
    const isRepeated = names.indexOf(name) !== names.lastIndexOf(name);
    const nth = names.slice(0, place + 1).filter((other) => other === name).length;
    return { name: isRepeated ? `${name}#${nth}` : name, provider, number: Number(number) };
  });
}

/** Whether batches should be large: handing one over costs more than computing it. */
export function isAccelerator({ provider }: Device): boolean {
  return provider !== "cpu";
}
