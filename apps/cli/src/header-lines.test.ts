import { describe, expect, it } from '@jest/globals';
import { readHeaderLines } from './header-lines.js';

describe('header lines', () => {
  it('are read from a saved head of a request', () => {
    const head = 'POST /hook HTTP/1.1\r\nHost: 127.0.0.1:4000\r\nWebhook-Id: e1\r\nwebhook-signature: v1,a= v1,b=\r\n\r\n';
    expect({ ...readHeaderLines(head) }).toEqual({ host: '127.0.0.1:4000', 'webhook-id': 'e1', 'webhook-signature': 'v1,a= v1,b=' });
  });

  it('are read from what curl shows and from JSON', () => {
    expect({ ...readHeaderLines('> webhook-id: e1\n> HTTP_WEBHOOK_ID: e2') }).toEqual({ 'webhook-id': 'e1', http_webhook_id: 'e2' });
    expect({ ...readHeaderLines('{\n  "webhook-id": "e1",\n  "webhook-timestamp": "17"\n}') }).toEqual({
      'webhook-id': 'e1',
      'webhook-timestamp': '17',
    });
  });

  it('may be called anything', () => {
    expect(Object.entries(readHeaderLines('__proto__: x\nconstructor: y'))).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
  });
});
