// Which events: types from the catalogue, with the patterns that cover several of them, and whatever else one types.
import { TagsInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { eventTypesQuery } from '../api/queries.js';
import { patternsOf } from './patterns.js';

type Props = {
  readonly value?: readonly string[];
  readonly onChange?: (value: string[]) => void;
  readonly error?: unknown;
};

export const EventTypesInput = ({ value = [], onChange, error }: Props) => {
  const { data: page } = useQuery(eventTypesQuery);
  const names = page?.data.map(({ name }) => name) ?? [];
  return (
    <TagsInput
      label="Webhook Events"
      description="Choose from the catalogue, or type a type or a pattern (order.*) and press Enter. None: all events."
      placeholder={value.length === 0 ? 'All events' : ''}
      data={[
        { group: 'Patterns', items: patternsOf(names) },
        { group: 'Event types', items: names },
      ]}
      value={[...value]}
      {...(onChange && { onChange })}
      splitChars={[',', ' ']}
      clearable
      clearButtonProps={{ 'aria-label': 'Take all out' }}
      maxDropdownHeight={260}
      error={error as string}
    />
  );
};
