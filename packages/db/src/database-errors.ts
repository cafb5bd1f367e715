// Which errors of the driver mean that Postgres cannot serve now, so that trying again later can help.

/** SQLSTATE classes: connection exception, insufficient resources, operator intervention, read-only transaction, lock not available. */
const transient = /^(08|53|57|25006|55P03|40001|40P01)/;
const network = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

export const isDatabaseUnavailable = (error: unknown): boolean => {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'string') return transient.test(code) || network.has(code);
  return (
    typeof message === 'string' &&
    /connection terminated|timeout exceeded|client has encountered a connection error|Connection ended/i.test(message)
  );
};
