import { afterEach, describe, expect, it } from '@jest/globals';
import { createBreakerRegistry } from './breaker-registry.js';

const webhook = '0190a000-0000-7000-8000-000000000001';
let registry = createBreakerRegistry({ breakersMax: 3 });
afterEach(() => {
  registry.shutdown();
  registry = createBreakerRegistry({ breakersMax: 3 });
});
const fire = (ok: boolean, probe = false, id = webhook) =>
  registry.fire(
    id,
    probe,
    async () => ok,
    (result) => result,
  );

describe('the breaker registry', () => {
  it('lets calls through while the row says closed, however many fail', async () => {
    for (let i = 0; i < 50; i++) expect(await fire(false)).toEqual({ refused: false, result: false });
    expect(await fire(true)).toEqual({ refused: false, result: true });
  });

  it('refuses every call while the row says open, and lets them through again once it is closed', async () => {
    await fire(true);
    registry.follow(webhook, 'open');
    expect(await fire(true)).toEqual({ refused: true });
    registry.follow(webhook, 'closed');
    expect(await fire(true)).toEqual({ refused: false, result: true });
  });

  it('opens also for a webhook that was never called here', async () => {
    registry.follow(webhook, 'open');
    expect(await fire(true)).toEqual({ refused: true });
  });

  it('lets exactly the probe through a half-open circuit', async () => {
    registry.follow(webhook, 'open');
    registry.follow(webhook, 'half_open');
    expect(await fire(true)).toEqual({ refused: true });
    expect(await fire(true, true)).toEqual({ refused: false, result: true });
    expect(await fire(true)).toEqual({ refused: true });
  });

  it('lets the probe through also when the news that the circuit is half open has not come yet', async () => {
    registry.follow(webhook, 'open');
    expect(await fire(false, true)).toEqual({ refused: false, result: false });
    expect(await fire(true)).toEqual({ refused: true });
  });

  it('lets every probe through while the circuit stays half open: one that failed may have told nothing of the endpoint', async () => {
    registry.follow(webhook, 'open');
    registry.follow(webhook, 'half_open');
    for (const ok of [false, false, true, false, true]) expect(await fire(ok, true)).toEqual({ refused: false, result: ok });
    // What the probes came to is the row's to say.
    registry.follow(webhook, 'half_open');
    expect(await fire(true)).toEqual({ refused: true });
    registry.follow(webhook, 'closed');
    expect(await fire(true)).toEqual({ refused: false, result: true });
  });

  it('passes our own errors through', async () => {
    await expect(
      registry.fire(
        webhook,
        false,
        () => Promise.reject(new Error('ours')),
        () => true,
      ),
    ).rejects.toThrow('ours');
  });

  it('keeps at most breakersMax breakers, and makes a forgotten one again as the row says', async () => {
    registry.follow(webhook, 'open');
    await fire(true);
    for (let i = 0; i < 10; i++) await fire(true, false, `other-${i}`);
    expect(registry.size()).toBe(3);
    expect(await fire(true)).toEqual({ refused: true });
  });
});
