import type { Detection, Detections, Item } from "../ast.ts";
import type { PathKey } from "../problem.ts";

/** An item and where the document writes it. */
export interface PlacedItem {
  readonly item: Item;
  readonly path: readonly PathKey[];
}

/** All items of a document, with the path of each, whatever the nesting. */
export function itemsOf(
  document: { readonly detections: Detections },
  section: "detection" | "filter",
): readonly PlacedItem[] {
  return [...document.detections].flatMap(([name, detection]) => within(detection, [section, name]));
}

function within(detection: Detection, path: readonly PathKey[]): PlacedItem[] {
  return detection.members.flatMap((member, index) => {
    if (member.kind === "detection") return within(member, [...path, index]);
    const key = [member.kind === "field" ? member.field : "", ...member.modifiers].join("|");
    return [{ item: member, path: key === "" ? path : [...path, key] }];
  });
}
