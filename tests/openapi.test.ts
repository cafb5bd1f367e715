// The committed OpenAPI document passes the linter, with the rules of redocly.yaml. Nothing is fetched for that.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('..', import.meta.url));

it('has neither errors nor warnings', async () => {
  const env = { ...process.env, NODE_OPTIONS: '', REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
  const command = ['node_modules/@redocly/cli/bin/cli.js', 'lint', 'docs/openapi.json', '--format=json'];
  const report = await promisify(execFile)(process.execPath, command, { cwd: root, env, maxBuffer: 16 * 1024 * 1024 }).then(
    ({ stdout }) => stdout,
    (error: { readonly stdout: string }) => error.stdout,
  );
  const { totals, problems } = JSON.parse(report) as {
    totals: { errors: number; warnings: number };
    problems: readonly { ruleId: string; message: string; location: readonly { pointer?: string }[] }[];
  };
  expect(problems.map(({ ruleId, message, location }) => `${ruleId} ${location[0]?.pointer}: ${message}`)).toEqual([]);
  expect([totals.errors, totals.warnings]).toEqual([0, 0]);
});
