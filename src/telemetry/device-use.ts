/** How much one device of an encoder has done. */
export interface DeviceUse {
  readonly name: string;
  /** Why it is no longer used. */
  readonly lost?: string | undefined;
  /** Texts that it ranked. */
  readonly texts: number;
  /** Seconds that its threads were busy, together. */
  readonly busySecs: number;
}
