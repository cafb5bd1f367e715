import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { ProblemError } from '@posthorn/core';
import { openCounters } from '@posthorn/queue';
import { limits } from '../limits.js';
import { countedAddress, createSignIns } from './sign-ins.js';

afterEach(() => {
  jest.restoreAllMocks();
});

const open = () => {
  const counters = openCounters({ kind: 'postgres', url: '', connectionsMax: 1 }, () => undefined);
  const block = { max: limits.failedSignInsMax, blockS: limits.failedSignInsBlockS };
  return createSignIns(counters.counter({ name: 'failed', windowS: limits.failedSignInsWindowS, block, namesMax: limits.addressesMax }));
};
const codeOf = async (work: () => Promise<void> | void): Promise<string> => {
  try {
    await work();
    return 'nothing';
  } catch (error) {
    return error instanceof ProblemError ? error.code : String(error);
  }
};

describe('an address', () => {
  it.each([
    ['10.1.2.3', '10.1.2.3'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['1::2:3:4:5:6', '1:0:0:2::/64'],
    ['64:ff9b::10.0.0.1', '64:ff9b:0:0::/64'],
    ['nothing', 'nothing'],
  ])('%s counts as %s', (address, counted) => {
    expect(countedAddress(address)).toBe(counted);
  });
});

describe('keys that are not valid', () => {
  it('are told so ten times a minute, and then that they are too many, each address for itself', async () => {
    const { failed } = open();
    for (let index = 0; index < limits.failedSignInsMax; index++) expect(await codeOf(() => failed('10.0.0.1'))).toBe('nothing');
    for (let index = 0; index < 20; index++) expect(await codeOf(() => failed('10.0.0.1'))).toBe('rate_limited');
    expect(await codeOf(() => failed('10.0.0.2'))).toBe('nothing');
  });

  it('count for all of an IPv6 network', async () => {
    const { failed } = open();
    for (let index = 0; index < limits.failedSignInsMax; index++) await failed(`2001:db8::${index.toString(16)}`);
    expect(await codeOf(() => failed('2001:db8::ffff'))).toBe('rate_limited');
    expect(await codeOf(() => failed('2001:db8:0:1::1'))).toBe('nothing');
  });
});

describe('the look for a key', () => {
  const blocked = async () => {
    const signIns = open();
    for (let index = 0; index <= limits.failedSignInsMax; index++) await codeOf(() => signIns.failed('10.0.0.1'));
    return signIns;
  };

  it('is free for addresses that are not blocked', async () => {
    const { beforeLookUp } = await blocked();
    for (let index = 0; index < 1_000; index++) expect(await codeOf(() => beforeLookUp('10.0.0.2', false))).toBe('nothing');
  });

  it('is free for a key that was valid here, whatever else comes from its address', async () => {
    const { beforeLookUp } = await blocked();
    for (let index = 0; index < 1_000; index++) expect(await codeOf(() => beforeLookUp('10.0.0.1', true))).toBe('nothing');
  });

  it('is made for others too, but only so many times a second', async () => {
    const { beforeLookUp } = await blocked();
    let nowMs = Math.ceil(performance.now() / 1_000) * 1_000;
    jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
    const tried = async () => Promise.all(Array.from({ length: 200 }, () => codeOf(() => beforeLookUp('10.0.0.1', false))));
    for (let second = 0; second < 2; second++) {
      expect((await tried()).filter((code) => code === 'nothing')).toHaveLength(limits.blockedLookUpsPerS);
      nowMs += 1_000;
    }
  });
});
