/** One document as the source holds it; only its mapping knows its shape. */
export type Document = Readonly<Record<string, unknown>>;

/** What a source read at one place: a document, or the reason why there is none. */
export type SourceRecord =
  | {
      readonly kind: "document";
      readonly document: Document;
      readonly container: string;
      /** Id in the source, or `line:N`. */
      readonly id: string;
      readonly sequence: number;
    }
  | {
      readonly kind: "unreadable";
      readonly code: string;
      readonly reason: string;
      readonly container: string;
      readonly id: string;
      readonly sequence: number;
      /** The bytes as text, cut to a bound. */
      readonly excerpt: string;
    };
