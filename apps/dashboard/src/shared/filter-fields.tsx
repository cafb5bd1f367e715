// Fields that filter a list: what stands in the URL stands in them, also after going back.
import { Autocomplete, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useEffect, useRef, useState } from 'react';
import type { Filters } from '../api/queries.js';

type Change = (name: string, value: string | null) => void;
type FieldProps = {
  readonly label: string;
  readonly name: string;
  readonly filters: Filters;
  readonly onChange: Change;
  /** Pixels. */
  readonly width?: number;
};

const pauseMs = 300;

/** What is typed, told after a pause; and what the URL has, when another than this field has changed it. */
const useTypedFilter = ({ name, filters, onChange }: Pick<FieldProps, 'name' | 'filters' | 'onChange'>) => {
  const inUrl = filters[name] ?? '';
  const [text, setText] = useState(inUrl);
  const told = useRef(inUrl);
  const tell = useDebouncedCallback((value: string) => {
    told.current = value;
    onChange(name, value);
  }, pauseMs);
  useEffect(() => {
    if (inUrl !== told.current) setText(inUrl);
    told.current = inUrl;
  }, [inUrl]);
  const type = (value: string) => {
    setText(value);
    tell(value.trim());
  };
  return [text, type] as const;
};

type TextProps = FieldProps & {
  readonly placeholder?: string;
  readonly description?: string;
  /** Attributes of the field, such as that of a page's search. */
  readonly marks?: Readonly<Record<string, string>>;
};

export const FilterText = ({ label, width = 180, placeholder = 'Any', marks = {}, description, ...filter }: TextProps) => {
  const [text, type] = useTypedFilter(filter);
  return (
    <TextInput
      {...marks}
      label={label}
      placeholder={placeholder}
      {...(description !== undefined && { description })}
      value={text}
      onChange={(event) => type(event.currentTarget.value)}
      w={width}
      maw="100%"
    />
  );
};

/** @param words suggestions: any other text can be typed */
export const FilterSuggested = ({
  label,
  width = 190,
  words,
  marks = {},
  ...filter
}: TextProps & { readonly words: readonly string[] }) => {
  const [text, type] = useTypedFilter(filter);
  return <Autocomplete {...marks} label={label} placeholder="Any" data={[...words]} value={text} onChange={type} w={width} />;
};

/** @param words what can be chosen; shown with spaces for underlines */
export const FilterSelect = ({
  label,
  name,
  filters,
  onChange,
  words,
  width = 150,
}: FieldProps & { readonly words: readonly string[] }) => (
  <Select
    label={label}
    clearable
    clearButtonProps={{ 'aria-label': `Clear ${label}` }}
    placeholder="Any"
    data={words.map((value) => ({ value, label: value.replaceAll('_', ' ') }))}
    value={filters[name] ?? null}
    onChange={(value) => onChange(name, value)}
    w={width}
  />
);

/** RFC 3339 → what a field of local time shows, to the second. */
const localOf = (at: string): string => {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return '';
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
};

const exactOf = (local: string): string | null => {
  const date = new Date(local);
  return local === '' || Number.isNaN(date.getTime()) ? null : date.toISOString();
};

/** A time: local in the field, RFC 3339 in the URL. */
export const FilterTime = ({ label, name, filters, onChange, width = 205 }: FieldProps) => (
  <TextInput
    label={label}
    type="datetime-local"
    step={1}
    value={localOf(filters[name] ?? '')}
    onChange={(event) => onChange(name, exactOf(event.currentTarget.value))}
    w={width}
  />
);
