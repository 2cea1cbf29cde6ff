import type { FieldPlan } from "#sdk";
import { answerFault } from "./classify-error.ts";
import { type Lane, type Selection, timeSort, type Window, windowQuery } from "./lane.ts";
import type { PageSize } from "./page-size.ts";
import { SearchError } from "./search-error.ts";
import type { SearchClient } from "./search-http.ts";
import { type Hit, type Page, searchPage } from "./search-page.ts";

/** What a window is read with. */
export interface Reader {
  readonly client: SearchClient;
  readonly indices: readonly string[];
  readonly selection: Selection;
  /** Asked before each page; undefined: whole documents. */
  readonly plan: () => FieldPlan | undefined;
  readonly keepAlive: string;
  readonly pageSize: PageSize;
}

/** The most documents a server gives in one page (`index.max_result_window`). */
const maxWindow = 10_000;

/**
 * The documents of a lane in a window, in the order of their time, from one view of the indices. Where the server cannot
 * tell documents of equal time apart, a page may begin with documents of the page before. Throws SearchError.
 */
export async function* readWindow(
  reader: Reader,
  lane: Lane,
  window: Window,
  signal: AbortSignal,
): AsyncGenerator<readonly Hit[]> {
  const { client } = reader;
  const view = await openView(reader, signal);
  try {
    if (client.dialect.tiebreak === undefined) yield* readByTime(reader, view, lane, window, signal);
    else yield* readByPlace(reader, view, lane, window, client.dialect.tiebreak, signal);
  } finally {
    // A view that is left open goes by itself.
    await client.request(client.dialect.closeView(view.id), AbortSignal.timeout(5_000)).catch(() => undefined);
  }
}

interface View {
  /** The newest the server gave. */
  id: string;
}

async function openView({ client, indices, keepAlive }: Reader, signal: AbortSignal): Promise<View> {
  const call = client.dialect.openView(indices, keepAlive);
  const { body } = await client.request(call, signal).catch((error: unknown) => {
    throw isGone(error) || isRefused(error) ? lostView(error) : error;
  });
  const id = client.dialect.viewIdOf(body);
  if (id === undefined) throw answerFault(`${call.method} ${call.path}`, "the answer names no view");
  return { id };
}

/** The names were found a moment ago: what is gone now was deleted in between. */
function lostView(cause: Error): SearchError {
  const kind = { code: "siem_view_lost", remedy: "retry" } as const;
  return new SearchError(kind, `An index went away, or the view of it expired; a new view is opened. ${cause.message}`);
}

function isGone(error: unknown): error is SearchError {
  return error instanceof SearchError && error.refusal.status === 404;
}

function isRefused(error: unknown): error is SearchError {
  return error instanceof SearchError && error.code === "siem_request_refused";
}

async function* readByPlace(
  reader: Reader,
  view: View,
  lane: Lane,
  window: Window,
  tiebreak: string,
  signal: AbortSignal,
): AsyncGenerator<readonly Hit[]> {
  const sort = [timeSort(lane, reader.client.dialect.timeFormat), { [tiebreak]: "asc" }];
  let after: readonly unknown[] | undefined;
  for (;;) {
    const size = reader.pageSize.current;
    const page = await ask(reader, view, lane, window, { size, sort, ...(after && { search_after: after }) }, signal);
    if (page.hits.length > 0) yield page.hits;
    if (page.hits.length < size) return;
    after = page.hits.at(-1)?.sort;
  }
}

async function* readByTime(
  reader: Reader,
  view: View,
  lane: Lane,
  window: Window,
  signal: AbortSignal,
): AsyncGenerator<readonly Hit[]> {
  const sort = [timeSort(lane, reader.client.dialect.timeFormat)];
  let from = window.from;
  for (;;) {
    const size = reader.pageSize.current;
    const page = await ask(reader, view, lane, { ...window, from }, { size, sort }, signal);
    if (page.hits.length > 0) yield page.hits;
    const lastMs = page.hits.at(-1)?.timeMs;
    if (page.hits.length < size || lastMs === undefined) return;
    if (lastMs === from || page.hits[0]?.timeMs === lastMs) {
      yield* readMoment(reader, view, lane, lastMs, signal);
      from = lastMs + 1;
    } else {
      from = lastMs;
    }
  }
}

/** More documents of one millisecond than a page holds: read in as many slices as make each fit a page. */
async function* readMoment(
  reader: Reader,
  view: View,
  lane: Lane,
  timeMs: number,
  signal: AbortSignal,
): AsyncGenerator<readonly Hit[]> {
  const window = { from: timeMs, to: timeMs + 1 };
  const { total } = await ask(reader, view, lane, window, { size: 0, track_total_hits: true }, signal);
  for (let slices = Math.max(2, Math.ceil(total / (maxWindow / 2))); ; slices *= 2) {
    let isWhole = true;
    for (let id = 0; id < slices && isWhole; id += 1) {
      const body = {
        size: maxWindow,
        sort: [timeSort(lane, reader.client.dialect.timeFormat)],
        slice: { id, max: slices },
      };
      const { hits } = await ask(reader, view, lane, window, body, signal);
      isWhole = hits.length < maxWindow;
      if (isWhole && hits.length > 0) yield hits;
    }
    if (isWhole) return;
  }
}

/** A page whose documents hold what is needed of them: it is asked for again until they do. */
async function ask(
  reader: Reader,
  view: View,
  lane: Lane,
  window: Window,
  body: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<Page> {
  for (;;) {
    const plan = reader.plan();
    const fields = plan === undefined ? {} : { _source: { includes: plan.paths } };
    const page = await askOnce(reader, view, lane, window, { ...fields, ...body }, signal);
    if (plan === undefined || suffices(page, plan)) return page;
  }
}

/** Looks at all documents, so that the next plan knows what each of them needs. */
function suffices({ hits }: Page, plan: FieldPlan): boolean {
  const lacking = hits.filter(({ source, index }) => source !== undefined && !plan.suffices(source, index));
  return lacking.length === 0;
}

async function askOnce(
  { client, selection, keepAlive, pageSize }: Reader,
  view: View,
  lane: Lane,
  window: Window,
  body: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<Page> {
  const page = await searchPage(
    client,
    undefined,
    {
      track_total_hits: false,
      seq_no_primary_term: true,
      ...body,
      pit: { id: view.id, keep_alive: keepAlive },
      query: windowQuery(lane, window, selection),
    },
    signal,
  ).catch((error: unknown) => {
    throw isGone(error) ? lostView(error) : error;
  });
  if (page.viewId !== undefined) view.id = page.viewId;
  pageSize.learn(page);
  return page;
}
