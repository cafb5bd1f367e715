// A time to type or choose, local; outside of it RFC 3339.
import { TextInput } from '@mantine/core';

const minuteMs = 60_000;

/** `2026-11-22T14:05`, local; empty for what is no time. */
const localOf = (at: string | undefined): string => {
  const atMs = Date.parse(at ?? '');
  if (Number.isNaN(atMs)) return '';
  return new Date(atMs - new Date(atMs).getTimezoneOffset() * minuteMs).toISOString().slice(0, 16);
};

type Props = {
  readonly label: string;
  readonly value: string | undefined;
  /** Null: none. */
  readonly onChange: (at: string | null) => void;
  readonly error?: string;
};

export const TimeField = ({ label, value, onChange, error }: Props) => (
  <TextInput
    type="datetime-local"
    label={label}
    defaultValue={localOf(value)}
    onChange={({ currentTarget: { value: text } }) => {
      const atMs = Date.parse(text);
      onChange(Number.isNaN(atMs) ? null : new Date(atMs).toISOString());
    }}
    w={210}
    {...(error !== undefined && { error })}
  />
);
