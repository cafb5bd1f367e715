import { afterEach, describe, expect, it } from '@jest/globals';
import { type StartedProcess, startProcess } from './process.js';

let child: StartedProcess | undefined;

function start(script: string, more: Partial<Parameters<typeof startProcess>[0]> = {}): StartedProcess {
  child = startProcess({ name: 'child', args: ['-e', script], env: {}, ...more });
  return child;
}

afterEach(async () => {
  await child?.kill('SIGKILL');
});

describe('a started process', () => {
  it('has the given variables, PATH and HOME, and nothing else of ours', async () => {
    const script = 'process.stdout.write(JSON.stringify(process.env))';
    const started = start(script, { env: { POSTHORN_TEST: 'yes', HOME: '/nowhere' } });
    await started.exited;
    expect(JSON.parse(started.output())).toEqual({ PATH: process.env.PATH, HOME: '/nowhere', POSTHORN_TEST: 'yes' });
  });

  it('is ready when its output matches, in pieces or not', async () => {
    const script =
      "process.stdout.write('listen'); setTimeout(() => process.stdout.write('ing on 80\\n'), 20); setInterval(() => {}, 1000)";
    const started = start(script, { readyWhen: /listening on \d+/ });
    await started.ready;
    expect(started.output()).toBe('listening on 80\n');
    expect(await started.kill()).toEqual({ code: null, signal: 'SIGTERM' });
  });

  it('takes a function for readiness, which sees standard error too', async () => {
    const started = start("console.error('up'); setInterval(() => {}, 1000)", { readyWhen: (output) => output.includes('up') });
    await started.ready;
    expect(await started.kill('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('rejects readiness with the output when it ends first', async () => {
    const started = start("console.log('no database'); process.exit(3)", { readyWhen: /listening/ });
    await expect(started.ready).rejects.toThrow(/child ended before it was ready \(code 3.*no database/);
    expect(await started.exited).toEqual({ code: 3, signal: null });
  });

  it('rejects readiness when it takes too long', async () => {
    const started = start('setInterval(() => {}, 1000)', { readyWhen: /listening/, readyTimeoutMs: 50 });
    await expect(started.ready).rejects.toThrow('child was not ready within 150 ms');
  });
});
