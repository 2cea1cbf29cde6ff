import type { Sink } from "../sdk/sink.ts";
import type { PipelineState } from "./session-stage.ts";

/**
 * Opens the sink where the last confirmed write left it. On a first run its position is stored before anything is written:
 * a process killed within its very first write must find what it has to take back.
 */
export async function openSink(
  sink: Sink,
  state: Pick<PipelineState, "startSink">,
  position: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  await sink.open(position);
  if (position !== undefined) return;
  await state.startSink(await sink.write({ labels: [], verdicts: [], deadLetters: [] }, signal));
}
