// Status codes as people ask for them: one of them, or a class.

/** Both inclusive. */
export type StatusCodes = { readonly from: number; readonly to: number };

const form = /^[1-9](?:\d\d|xx)$/;

/** What `404` or `4xx` covers; null: it is neither. */
export const readStatusCodes = (text: string): StatusCodes | null =>
  form.test(text) ? { from: Number(text.replace('xx', '00')), to: Number(text.replace('xx', '99')) } : null;
