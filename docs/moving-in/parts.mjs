// What the sections of docs/moving-in.md have in common: tables, samples and errors, made by the mappings themselves.
import { problems } from '@posthorn/core';
import { fenced, json, table } from '../markdown.mjs';

const accessWords = { write: 'yes', create: 'when it is made', read: 'no, ignored' };
export const code = (text) => `\`${text}\``;

export const fieldTable = ({ fields }) =>
  table(
    ['there', 'here', 'is written', 'must be', 'to know'],
    fields.map(({ theirs, ours, access, isRequired, check, note }) => [
      code(theirs),
      ours === null ? '–' : code(ours),
      accessWords[access],
      // What it says of a member that is not there is what it asks for.
      [check(undefined), isRequired && 'required'].filter(Boolean).join('; '),
      note,
    ]),
  );

const rules = {
  isNew: true,
  role: 'admin',
  boundTenant: null,
  environmentId: '05daecaf-4365-42e8-8370-8127de5dd717',
  before: null,
  random: Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex'),
};

export const becomes = (dialect, body) => {
  const { ok, webhook } = dialect.read(dialect.fromExport(body).body, rules);
  if (!ok) throw new Error(`the sample of dialect ${dialect.name} is not right`);
  return `${json(body)}\n\nis, as a body of \`POST /v1/webhooks\`:\n\n${json(webhook)}`;
};

export const errorOf = (dialect, body) => {
  const { ok, status, errors } = dialect.read(body, rules);
  if (ok) throw new Error(`the bad sample of dialect ${dialect.name} is right`);
  const [{ code: problemCode, message }] = errors;
  return json(dialect.errorBody({ status, code: problemCode, title: problems[problemCode].title, detail: message, errors }));
};

export const post = (path, body) =>
  `curl -sS http://127.0.0.1:3400${path} -H "authorization: Bearer $(cat .posthorn/admin-key)" -H 'content-type: application/json' -d '${JSON.stringify(body)}'`;

export const importCommands = (name, third) =>
  fenced('sh', [`npx posthorn webhooks import --dialect ${name} export.json`, `npx posthorn webhooks import --dialect ${name} export.json --apply`, third].join('\n'));
/** One request to one webhook, by the id that the table of the import says. */
export const testCommand = post('/v1/webhooks/ID/test', {});

export const opensslSignature = 'openssl dgst -sha256 -hmac "$SECRET" -binary body.json | base64';

export const oneSignature = `The header holds one signature, of the newest secret. A receiver that checks it changes its secret in the moment of a rotation; with
\`webhook-signature\`, which is always there too, it has 24 h (\`overlap_s\`).`;

export const standardSignature = `Its document names no signature, so its receivers check nothing and go on working. Every request has \`webhook-signature\` all the same:
[receiving.md](receiving.md) has the few lines that verify it, with the secret that \`GET /v1/webhooks/{id}/secret\` shows, or with the one in the member
\`secret\` of what was imported.`;

export const envelopeBody = `The body is the \`envelope\`, \`event_time\`, \`event_type\`, \`current_context\` and \`data\`: its document shows none. \`payload_format\` of
  the webhook in our own words (\`PATCH /v1/webhooks/{id}\`) has others.`;

export const retries = `Retries and the circuit are ours ([delivery.md](delivery.md)); its object does not show them. \`GET /v1/webhooks?object_id=\` finds the
  webhook in our words, and there are its state, its attempts and what became of every event.`;
