// Reads metrics as Prometheus does (text format 0.0.4), and takes nothing that is not of that form.

export type Sample = { readonly name: string; readonly labels: Readonly<Record<string, string>>; readonly value: number };
export type Family = {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary' | 'untyped';
  readonly samples: readonly Sample[];
};

const name = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const label = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
const helpLine = new RegExp(`^# HELP (${name}) (.+)$`);
const typeLine = new RegExp(`^# TYPE (${name}) (counter|gauge|histogram|summary|untyped)$`);
const sampleLine = new RegExp(`^(${name})(?:\\{(${label}(?:,${label})*)\\})? (N[Aa][Nn]|[+-]Inf|-?\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?)$`);

const suffixes: Readonly<Partial<Record<Family['type'], readonly string[]>>> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
};

const numberOf = (text: string): number => (text === '+Inf' ? Infinity : text === '-Inf' ? -Infinity : Number(text));

const unescaped = (text: string): string => text.replace(/\\(["\\n])/g, (_, char: string) => (char === 'n' ? '\n' : char));

const labelsOf = (text = ''): Readonly<Record<string, string>> => {
  const found = [...text.matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"/g)].map(([, key, value]) => [
    key,
    unescaped(value ?? ''),
  ]);
  const labels = Object.fromEntries(found) as Record<string, string>;
  if (Object.keys(labels).length !== found.length) throw new Error(`a label stands twice: ${text}`);
  return labels;
};

/** The families by name; throws with the line that is not of the form, that stands twice, or that belongs to no family. */
export const parseExposition = (text: string): ReadonlyMap<string, Family> => {
  if (!text.endsWith('\n')) throw new Error('the text does not end with a line break');
  const families = new Map<string, Family & { readonly samples: Sample[] }>();
  const seen = new Set<string>();
  let help: readonly [string, string] | undefined;
  let family: (Family & { readonly samples: Sample[] }) | undefined;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, helped, words] = helpLine.exec(line) ?? [];
    const [, typed, type] = typeLine.exec(line) ?? [];
    const [, sampled, labelText, value] = sampleLine.exec(line) ?? [];
    if (helped !== undefined) help = [helped, words ?? ''];
    else if (typed !== undefined) {
      if (help?.[0] !== typed || families.has(typed)) throw new Error(`no help, or twice: ${line}`);
      family = { name: typed, help: help[1], type: type as Family['type'], samples: [] };
      families.set(typed, family);
    } else if (sampled !== undefined && family !== undefined) {
      const own = (suffixes[family.type] ?? ['']).map((suffix) => `${family?.name}${suffix}`);
      const labels = labelsOf(labelText);
      const key = `${sampled} ${JSON.stringify(Object.entries(labels).sort())}`;
      if (!own.includes(sampled) || seen.has(key)) throw new Error(`not of ${family.name}, or twice: ${line}`);
      seen.add(key);
      family.samples.push({ name: sampled, labels, value: numberOf(value ?? '') });
    } else throw new Error(`not of the form: ${line}`);
  }
  return families;
};

/** The sum of the samples of a name whose labels are so. */
export const sumOf = (families: ReadonlyMap<string, Family>, metric: string, labels: Readonly<Record<string, string>> = {}): number => {
  const samples = [...families.values()].flatMap((family) => family.samples).filter((sample) => sample.name === metric);
  if (samples.length === 0) throw new Error(`there is no ${metric}`);
  return samples
    .filter((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
    .reduce((sum, sample) => sum + sample.value, 0);
};
