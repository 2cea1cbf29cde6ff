/**
 * Tells which open things have been open for `waitMs` by a clock. Each of them is numbered when it is opened; asked now
 * and then with the time and how many were opened so far, it gives the number below which all have waited long enough.
 */
export function createOpenSince(waitMs: number): (nowMs: number, opened: number) => number {
  let marks: readonly Mark[] = [];
  return (nowMs, opened) => {
    // A clock that was put back must not hold anything for longer than a whole wait.
    marks = [...marks.filter(({ atMs }) => atMs <= nowMs), { atMs: nowMs, opened }];
    const due = marks.findLastIndex(({ atMs }) => nowMs - atMs >= waitMs);
    if (due < 0) return 0;
    marks = marks.slice(due);
    return marks[0]?.opened ?? 0;
  };
}

interface Mark {
  readonly atMs: number;
  readonly opened: number;
}
