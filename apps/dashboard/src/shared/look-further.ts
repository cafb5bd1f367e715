// A page of a list may be short, or empty, and not the last: the API looks at so many rows for one page, and no further. Where little was found, the list goes
// on by itself, but not for ever.

/** With so many rows there is something to look at. */
const enoughRows = 20;
/** Pages that are read one after the other unasked. */
const pagesMax = 5;

export type Looking = {
  /** The next page is read now. */
  readonly goesOn: boolean;
  /** The last page was not full: there are few of these rows, and what is asked for is not "more" but "further back". */
  readonly isSparse: boolean;
};

/**
 * @param pages how many rows each page has that was read
 * @param asked how many pages there were when somebody last asked to look further back
 */
export const lookFurther = (pages: readonly number[], asked: { readonly atPage: number }): Looking => {
  const unasked = pages.slice(asked.atPage);
  const found = unasked.reduce((sum, rows) => sum + rows, 0);
  return {
    goesOn: pages.length > 0 && found < enoughRows && unasked.length < pagesMax,
    isSparse: pages.length > 0 && (pages.at(-1) ?? 0) < enoughRows,
  };
};
