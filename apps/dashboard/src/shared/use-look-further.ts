// Goes on reading a list that found little, as `lookFurther` has it, and lets somebody ask for it again.
import { useEffect, useState } from 'react';
import { lookFurther } from './look-further.js';

type Further = {
  readonly isSparse: boolean;
  readonly isLooking: boolean;
  readonly look: () => void;
};

/**
 * @param of what the list is of: another one begins anew; null: what is given is of the one before
 * @param canLook there is a next page, and nothing is being read
 * @param pages how many rows each page has that was read
 */
export const useLookFurther = (of: string | null, canLook: boolean, pages: readonly number[], readNext: () => void): Further => {
  const [asked, setAsked] = useState<{ readonly of: string | null; readonly atPage: number }>({ of: null, atPage: 0 });
  const { goesOn, isSparse } = lookFurther(pages, { atPage: asked.of === of ? asked.atPage : 0 });
  const reads = canLook && goesOn;
  useEffect(() => {
    if (reads) readNext();
  }, [reads, readNext]);
  return { isSparse, isLooking: goesOn, look: () => setAsked({ of, atPage: pages.length }) };
};
