import { describe, expect, it } from '@jest/globals';
import { sizeNames } from './console/size.js';
import { scenarioNames } from './fairness/scenario.js';
import { readOptions } from './options.js';
import { seriesNames } from './scaling/series.js';

const chosen = (...args: readonly string[]) => {
  const { plans, scenarios } = readOptions(args);
  return { plans: plans.map(({ queue, fanOut }) => `${queue} ${fanOut}`), scenarios };
};
const allPlans = ['redis 1', 'redis 10', 'postgres 1', 'postgres 10'];

describe('readOptions', () => {
  it('chooses everything, three rounds each, unless told otherwise', () => {
    expect(chosen()).toEqual({ plans: allPlans, scenarios: scenarioNames });
    expect(readOptions([])).toMatchObject({ rounds: 3, systems: ['bare', 'product'], isQuick: false });
    expect(readOptions([]).plans[0]).toMatchObject({ seconds: 20, warmUpS: 5, lowLoadSeconds: 10 });
  });

  it('chooses a group, a queue or a scenario', () => {
    expect(chosen('--only', 'throughput')).toEqual({ plans: allPlans, scenarios: [] });
    expect(chosen('--only', 'fairness')).toEqual({ plans: [], scenarios: scenarioNames });
    expect(chosen('--only', 'postgres', '--fan-out', '3')).toEqual({ plans: ['postgres 3'], scenarios: [] });
    expect(chosen('--only', 'drain,half-dead')).toEqual({ plans: [], scenarios: ['half-dead', 'drain'] });
    expect(chosen('--only', 'redis,many-webhooks')).toEqual({ plans: ['redis 1', 'redis 10'], scenarios: ['many-webhooks'] });
    expect(chosen('--only', 'fairness,drain').scenarios).toEqual(scenarioNames);
  });

  it('chooses what the console reads, whole or by size', () => {
    expect(readOptions([]).sizes).toEqual(sizeNames);
    expect(readOptions(['--only', 'console'])).toMatchObject({ plans: [], scenarios: [], sizes: sizeNames });
    expect(readOptions(['--only', 'console-1m,drain'])).toMatchObject({ scenarios: ['drain'], sizes: ['console-1m'] });
    expect(readOptions(['--only', 'fairness']).sizes).toEqual([]);
  });

  it('chooses the series of the scaling page, all or some', () => {
    expect(readOptions([]).series).toEqual(seriesNames);
    expect(readOptions(['--only', 'scaling', '--seconds', '7'])).toMatchObject({
      plans: [],
      scenarios: [],
      series: seriesNames,
      seconds: 7,
    });
    expect(readOptions(['--only', 'scaling-tenants,redis'])).toMatchObject({ series: ['scaling-tenants'], plans: [{}, {}] });
  });

  it('chooses the soak and its minutes', () => {
    expect(readOptions([]).soak).toMatchObject({ warmUpS: 180, soakS: 900, loadShare: 0.5, isJudged: true });
    expect(readOptions(['--only', 'soak', '--minutes', '2'])).toMatchObject({
      plans: [],
      scenarios: [],
      sizes: [],
      series: [],
      soak: { soakS: 120 },
    });
    expect(readOptions(['--only', 'soak', '--quick']).soak).toMatchObject({ soakS: 8, isJudged: false });
    expect(readOptions(['--only', 'drain']).soak).toBeUndefined();
  });

  it('makes a quick run short', () => {
    expect(readOptions(['--quick'])).toMatchObject({ rounds: 1, isQuick: true });
    expect(readOptions(['--quick']).plans[0]).toMatchObject({ seconds: 5, warmUpS: 2, lowLoadSeconds: 5 });
    expect(readOptions(['--quick', '--rounds', '2', '--seconds', '9'])).toMatchObject({ rounds: 2, plans: [{ seconds: 9 }, {}, {}, {}] });
  });

  it.each([
    [['--only', 'drains'], 'drains'],
    [['--only', ''], 'not one of'],
    [['--rounds', '0'], 'not a number above 0: 0'],
    [['--minutes', '1.5'], 'not a number above 0: 1.5'],
    [['--systems', 'product,nothing'], 'nothing'],
    [['--speed'], '--speed'],
  ])('refuses %j', (args, what) => {
    expect(() => readOptions(args)).toThrow(what);
  });
});
