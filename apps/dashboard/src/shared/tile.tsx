// A figure with what it is, linked to the list behind it.
import { Paper, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'react-router';

type Props = {
  readonly label: string;
  readonly value: ReactNode;
  readonly note?: ReactNode;
  /** None: there is no list behind it. */
  readonly to?: string;
  /** Something is to be looked at: said by a word, not by the colour alone. */
  readonly alarm?: boolean;
};

export const Tile = ({ label, value, note, to, alarm = false }: Props) => {
  const inside = (
    <>
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Text size="xl" fw={700} {...(alarm && { c: 'var(--mantine-color-red-text)' })}>
        {alarm && <span aria-hidden="true">⚠ </span>}
        {value}
      </Text>
      {note !== undefined && (
        <Text size="xs" c="dimmed" component="div">
          {note}
        </Text>
      )}
    </>
  );
  if (to === undefined)
    return (
      <Paper withBorder p="md" h="100%">
        {inside}
      </Paper>
    );
  return (
    <Paper withBorder p="md" component={Link} to={to} className="tile">
      {inside}
    </Paper>
  );
};
