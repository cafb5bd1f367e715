import { describe, expect, it } from '@jest/globals';
import { namesCluster, readClusterAddress } from './redis-client.js';

describe('an address of Redis', () => {
  it.each<[string, boolean]>([
    ['redis://localhost', false],
    ['rediss://user:secret@cache.example:6380/2', false],
    ['redis://a:7000,redis://b:7000', true],
    ['redis://a:7000,b,c:7002', true],
    ['redis://cache.example:6379?cluster=true', true],
    ['redis://cache.example:6379?cluster=false', false],
  ])('%s names a cluster: %s', (text, is) => {
    expect(namesCluster(text)).toBe(is);
  });

  it('of a cluster has the nodes, and what its first one says of user and TLS', () => {
    expect(readClusterAddress('rediss://me:p%40ss@a.example:7000, b.example, [::1]:7002')).toEqual({
      nodes: [
        { host: 'a.example', port: 7_000 },
        { host: 'b.example', port: 6_379 },
        { host: '::1', port: 7_002 },
      ],
      options: { username: 'me', password: 'p@ss', tls: {} },
    });
    expect(readClusterAddress('redis://a?cluster=true')).toEqual({ nodes: [{ host: 'a', port: 6_379 }], options: {} });
  });

  it.each(['http://a', 'a:6379,b:6379', 'redis://a,http://b', 'redis://a,b:port'])('%s is none', (text) => {
    expect(() => readClusterAddress(text)).toThrow();
  });
});
