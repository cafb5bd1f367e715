import { describe, expect, it } from '@jest/globals';
import { freePort } from './free-port.js';
import { startReceiver } from './receiver.js';

describe('a free port', () => {
  it('can be listened on, and is another one each time', async () => {
    const ports = await Promise.all([freePort(), freePort(), freePort()]);
    expect(new Set(ports).size).toBe(3);
    const receiver = await startReceiver({ port: ports[0]! });
    expect(receiver.port).toBe(ports[0]);
    await receiver.stop();
  });
});
