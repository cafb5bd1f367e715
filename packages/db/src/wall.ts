// The second wall (migrations/0015_wall.sql): what is sent through a walled pool runs as a role that sees nothing but what is in the reach of the
// request that it belongs to. A statement that belongs to none is not sent.
//
// Role and reach travel with each statement, as one exchange: they are set for its transaction alone, and without a `begin` that is the exchange. So
// it costs no round trip, nothing of it stays with the connection, whatever becomes of the statement, and a pooler may stand in between.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { PostgresPool } from 'kysely';
import pg from 'pg';
import type { Reach } from './reading.js';

const scope = new AsyncLocalStorage<Reach>();

/** Runs something, and all that it begins, in a reach: behind the wall it sees no more than that. */
export const inReach = <T>(reach: Reach, run: () => T): T => scope.run(reach, run);

/** The messages of one exchange, as the driver writes them. */
type Wire = {
  readonly parse: (message: { readonly text: string; readonly name: string }) => void;
  readonly bind: (message: { readonly portal: string; readonly statement: string; readonly values: readonly string[] }) => void;
  readonly execute: (message: { readonly portal: string; readonly rows: number }) => void;
};

type Asked = { readonly text: string; readonly values?: readonly unknown[] | undefined };
type Done = (error: Error | null, result: pg.QueryResult) => void;

/** What the driver's query has beyond its published type. */
type DriverQuery = {
  prepare(connection: Wire): void;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, connection: Wire): void;
};
const DriverQuery = pg.Query as unknown as new (config: Asked & { readonly queryMode: 'extended' }, done: Done) => DriverQuery & pg.Query;

// No row fits, so none comes back.
const sayScope = `select from (select set_config('role', $1, true) as a, set_config('posthorn.environment', $2, true) as b, set_config('posthorn.tenant', $3, true) as c
                               offset 0) said where a is null or b is null or c is null`;

/**
 * A statement with its scope before it: the first is parsed, bound and run, then the second, then comes the one Sync of both. Without a `begin` before
 * it, both are one transaction. It has no name: the driver counts what is parsed under one.
 */
class WalledQuery extends DriverQuery {
  readonly #scope: readonly string[];
  #isScopeSaid = false;

  constructor(asked: Asked, { environmentId, tenantId }: Reach, done: Done) {
    super({ text: asked.text, values: asked.values, queryMode: 'extended' }, done);
    this.#scope = [tenantId === null ? 'posthorn_management' : 'posthorn_tenant', environmentId, tenantId ?? ''];
  }

  override prepare(connection: Wire): void {
    connection.parse({ text: sayScope, name: '' });
    connection.bind({ portal: '', statement: '', values: this.#scope });
    connection.execute({ portal: '', rows: 0 });
    super.prepare(connection);
  }

  override handleCommandComplete(message: unknown, connection: Wire): void {
    if (this.#isScopeSaid) super.handleCommandComplete(message, connection);
    this.#isScopeSaid = true;
  }
}

/** What touches no row, and must not begin a transaction before it. */
const isOfTransaction = ({ text }: Asked): boolean => /^\s*(begin|start transaction|commit|rollback|savepoint|release)\b[^;]*$/i.test(text);

const send = (client: pg.PoolClient, asked: Asked): Promise<pg.QueryResult> => {
  if (isOfTransaction(asked)) return client.query(asked.text);
  const reach = scope.getStore();
  if (reach === undefined) return Promise.reject(new Error('a statement for the wall belongs to no request'));
  return new Promise((resolve, reject) => {
    client.query(new WalledQuery(asked, reach, (error, result) => (error ? reject(error) : resolve(result))));
  });
};

type Question = string | { readonly text: string; readonly values?: readonly unknown[] };
const askedOf = (question: Question, values?: readonly unknown[]): Asked =>
  typeof question === 'string' ? { text: question, values } : question;

export type WalledClient = {
  readonly query: (question: Question, values?: readonly unknown[]) => Promise<pg.QueryResult>;
  readonly release: (isBroken?: boolean) => void;
};

/** A pool's connections behind the wall. Only what is used of a pool is there; it stays its owner's to end. */
export type WalledPool = Omit<PostgresPool, 'connect'> & {
  readonly connect: () => Promise<WalledClient>;
  readonly query: WalledClient['query'];
};

export const behindWall = (pool: pg.Pool): WalledPool => {
  const connect = async (): Promise<WalledClient> => {
    const client = await pool.connect();
    return {
      query: (question, values) => send(client, askedOf(question, values)),
      release: (isBroken) => client.release(isBroken),
    };
  };
  return {
    connect,
    query: async (question, values) => {
      const client = await connect();
      try {
        return await client.query(question, values);
      } finally {
        client.release();
      }
    },
    end: async () => undefined,
  };
};
