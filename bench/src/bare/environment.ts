// What the two bare processes read from their environment; `start.ts` writes it.

/** Connections and shape of one bare run. */
export interface BareEnvironment {
  readonly databaseUrl: string;
  readonly redisUrl: string | undefined;
  readonly sinkOrigin: string;
  readonly fanOut: number;
}

/** Reads `DATABASE_URL`, `REDIS_URL`, `SINK_ORIGIN` and `FAN_OUT`; throws if one that is needed is missing. */
export function readBareEnvironment(): BareEnvironment {
  const { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, SINK_ORIGIN: sinkOrigin, FAN_OUT: fanOut } = process.env;
  if (databaseUrl === undefined || sinkOrigin === undefined) throw new Error('DATABASE_URL and SINK_ORIGIN are needed');
  return { databaseUrl, redisUrl, sinkOrigin, fanOut: Number(fanOut ?? 1) };
}
