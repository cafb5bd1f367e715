// Where the receiver listens and how it is reached, by the options.
import { describe, expect, it } from '@jest/globals';
import { listenAddress, receiverPlace, receiverUrl, webhookUrlOf } from './receiver-place.js';

describe('--listen', () => {
  it.each([
    ['4999', '127.0.0.1', 4_999],
    ['0.0.0.0:4999', '0.0.0.0', 4_999],
    ['[::1]:0', '::1', 0],
    ['my-host.internal:80', 'my-host.internal', 80],
  ])('takes %s', (text, host, port) => {
    expect(listenAddress(text)).toEqual({ host, port });
  });

  it.each(['', 'x', ':80', '::1:80', '65536', '127.0.0.1', '127.0.0.1:', 'http://a:1', 'me@a:1', 'a b:1'])('does not take "%s"', (text) => {
    expect(() => listenAddress(text)).toThrow(/address to listen on/);
  });
});

describe('--receiver', () => {
  it.each([
    ['http://doctor:4999', 'http://doctor:4999'],
    ['https://a.example/try/', 'https://a.example/try'],
  ])('takes %s', (text, url) => {
    expect(receiverUrl(text)).toBe(url);
  });

  it.each(['doctor:4999', 'ftp://a', 'http://me:x@a', 'http://a?b', 'http://a#b', ''])('does not take "%s"', (text) => {
    expect(() => receiverUrl(text)).toThrow(/A URL is expected/);
  });
});

describe('the receiver', () => {
  it('is on loopback, and the webhook points there', () => {
    const place = receiverPlace(undefined, undefined);
    expect(place).toEqual({ listen: { host: '127.0.0.1', port: 0 }, url: null });
    expect(webhookUrlOf(place, 4_999, '/doctor/x')).toBe('http://127.0.0.1:4999/doctor/x');
    expect(webhookUrlOf(receiverPlace({ host: '::1', port: 1 }, undefined), 1, '/x')).toBe('http://[::1]:1/x');
  });

  it('that others call listens on all addresses, on the port that they call', () => {
    const place = receiverPlace(undefined, 'http://api:4999/try');
    expect(place).toEqual({ listen: { host: '0.0.0.0', port: 4_999 }, url: 'http://api:4999/try' });
    expect(webhookUrlOf(place, 4_999, '/doctor/x')).toBe('http://api:4999/try/doctor/x');
    expect(receiverPlace(undefined, 'http://api').listen).toEqual({ host: '0.0.0.0', port: 80 });
    expect(receiverPlace(undefined, 'http://127.0.0.1:7').listen).toEqual({ host: '127.0.0.1', port: 7 });
    const listen = { host: '10.0.0.7', port: 8_080 };
    expect(receiverPlace(listen, 'https://hooks.example')).toEqual({ listen, url: 'https://hooks.example' });
  });

  it('asks for the other option where one is not enough', () => {
    expect(() => receiverPlace({ host: '0.0.0.0', port: 1 }, undefined)).toThrow(/--receiver/);
    expect(() => receiverPlace(undefined, 'https://hooks.example')).toThrow(/--listen/);
  });
});
