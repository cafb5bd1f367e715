// Where the time of an attempt went.
import { Group, Text } from '@mantine/core';
import type { Attempt } from '../../api/queries.js';
import { milliseconds } from '../../shared/numbers.js';
import './waterfall.css';

export type Phase = { readonly name: 'dns' | 'connect' | 'tls' | 'first byte' | 'body' | 'no answer'; readonly ms: number };

/** In their order; what did not happen, as on a connection that was there already, is left out. */
export const phasesOf = ({
  phases,
  duration_ms,
  status_code,
}: Pick<Attempt, 'phases' | 'duration_ms' | 'status_code'>): readonly Phase[] => {
  const measured: Phase[] = (
    [
      ['dns', phases.dns_ms],
      ['connect', phases.connect_ms],
      ['tls', phases.tls_ms],
      ['first byte', phases.first_byte_ms],
    ] as const
  ).flatMap(([name, ms]) => (ms === null ? [] : [{ name, ms }]));
  const rest = duration_ms - measured.reduce((sum, { ms }) => sum + ms, 0);
  if (rest <= 0) return measured;
  return [...measured, { name: status_code === null && phases.first_byte_ms === null ? 'no answer' : 'body', ms: rest }];
};

const wordsOf = (attempt: Attempt): string =>
  [...phasesOf(attempt).map(({ name, ms }) => `${name} ${milliseconds(ms)}`), `${milliseconds(attempt.duration_ms)} in all`].join(' · ');

/** As words, for everybody. */
export const PhaseWords = ({ attempt }: { readonly attempt: Attempt }) => (
  <Text size="xs" c="dimmed">
    {wordsOf(attempt)}
  </Text>
);

/** As a bar that fills what it is in. */
export const PhaseBar = ({ attempt }: { readonly attempt: Attempt }) => {
  const phases = phasesOf(attempt);
  const whole = phases.reduce((sum, { ms }) => sum + ms, 0);
  return (
    <div className="phase-bar" title={wordsOf(attempt)} aria-hidden="true">
      {phases.map(({ name, ms }) => (
        <div key={name} className={`phase phase-${name.replace(' ', '-')}`} style={{ width: `${(100 * ms) / (whole || 1)}%` }} />
      ))}
    </div>
  );
};

export const PhaseLegend = () => (
  <Group gap="sm" aria-hidden="true">
    {(['dns', 'connect', 'tls', 'first byte', 'body', 'no answer'] as const).map((name) => (
      <Group key={name} gap={4}>
        <div className={`phase-sample phase-${name.replace(' ', '-')}`} />
        <Text size="xs">{name}</Text>
      </Group>
    ))}
  </Group>
);
