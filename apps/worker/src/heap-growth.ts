// How far V8 lets this process's heap grow before it collects. Left alone it waits until the heap is up to four times what lives, which
// costs least; with tens of thousands of webhooks kept, that is hundreds of megabytes that nobody needs.
import { setFlagsFromString } from 'node:v8';
import { limits } from './limits.js';

/** By how much, in percent of what lives, the heap may grow with so many webhooks kept; 0: as V8 likes. */
export const heapGrowthPercent = (webhooks: number): number => (webhooks > limits.manyWebhooks ? limits.manyWebhooksHeapGrowthPercent : 0);

/** Sets V8's limit for this process whenever the number of webhooks kept makes it another one. */
export const createHeapGrowth = (setFlag: (flag: string) => void = setFlagsFromString): ((webhooks: number) => void) => {
  let percent = 0;
  return (webhooks) => {
    const wanted = heapGrowthPercent(webhooks);
    if (wanted === percent) return;
    percent = wanted;
    setFlag(`--heap-growing-percent=${wanted}`);
  };
};
