// What every answer says to browsers, whatever it is: nothing in it is to be run, framed, guessed at or kept. Pages and files say more than that.
export type SecurityHeaders = Readonly<Record<string, string>>;

const hstsS = 365 * 24 * 3_600;

/** @param isSecure whether people come over https */
export const securityHeadersOf = (isSecure: boolean): SecurityHeaders => ({
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
  ...(isSecure && { 'strict-transport-security': `max-age=${hstsS}` }),
});
