// An append-only log of (event id, time) that costs the hot path one copy of 36 bytes; ids become strings only when it is read.

const idBytes = 36;
const entriesMin = 1 << 16;
const sampleMax = 20_000;
const allChannels: ChannelRange = { from: 0, to: 256 };

/** An id and the time at which it was seen, in milliseconds of `nowMs`. */
export type Sighting = readonly [id: string, atMs: number];

/** What the log holds, counted after the fact. */
export interface SightingCount {
  readonly ids: number;
  readonly duplicates: number;
}

/** Channels from `from` up to, and without, `to`. */
export interface ChannelRange {
  readonly from: number;
  readonly to: number;
}

/** The log of one process; `channel` tells apart what may rightly carry the same id (the webhook that was called). */
export interface Sightings {
  add(bytes: Buffer, from: number, channel: number, atMs: number): void;
  clear(): void;
  /** Of a range of channels, or of all. */
  count(range?: ChannelRange): SightingCount;
  sample(range?: ChannelRange): readonly Sighting[];
  readonly length: number;
}

/** Makes an empty log. Ids are 36 bytes long (a UUID as text); channels are 0–255. */
export function createSightings(): Sightings {
  let ids = Buffer.alloc(entriesMin * idBytes);
  let times = new Float64Array(entriesMin);
  let channels = new Uint8Array(entriesMin);
  let length = 0;

  const grow = (): void => {
    ids = Buffer.concat([ids, Buffer.alloc(ids.length)]);
    const [oldTimes, oldChannels] = [times, channels];
    times = new Float64Array(oldTimes.length * 2);
    channels = new Uint8Array(oldChannels.length * 2);
    times.set(oldTimes);
    channels.set(oldChannels);
  };
  const isIn = (index: number, { from, to }: ChannelRange): boolean => channels[index]! >= from && channels[index]! < to;
  const idAt = (index: number): string => ids.toString('latin1', index * idBytes, (index + 1) * idBytes);

  return {
    add: (bytes, from, channel, atMs) => {
      if (length === times.length) grow();
      bytes.copy(ids, length * idBytes, from, from + idBytes);
      times[length] = atMs;
      channels[length] = channel;
      length += 1;
    },
    clear: () => {
      length = 0;
    },
    count: (range = allChannels) => {
      const perChannel = new Map<number, Set<string>>();
      const all = new Set<string>();
      let duplicates = 0;
      for (let index = 0; index < length; index += 1) {
        if (!isIn(index, range)) continue;
        const id = idAt(index);
        const seen = perChannel.get(channels[index]!) ?? new Set<string>();
        if (seen.has(id)) duplicates += 1;
        perChannel.set(channels[index]!, seen.add(id));
        all.add(id);
      }
      return { ids: all.size, duplicates };
    },
    sample: (range = allChannels) => {
      // Chosen by the id's last digit, so that every process chooses the same ids without a word about it.
      const digits = length <= sampleMax ? '0123456789abcdef' : '0';
      const sample: Sighting[] = [];
      for (let index = 0; index < length; index += 1) {
        if (!isIn(index, range)) continue;
        const id = idAt(index);
        if (digits.includes(id.at(-1)!)) sample.push([id, times[index]!]);
      }
      return sample;
    },
    get length() {
      return length;
    },
  };
}
