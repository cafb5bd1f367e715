// The link in a mail by which its reader wants no more of them. Its token is all that it takes: no key, no session. A page asks first; what it
// sends, and what mail programs send by themselves (RFC 8058), switches the e-mails of that webhook off as any change would.
import { type ProblemError, problem, readUnsubscribeToken } from '@posthorn/core';
import { inReach, type WebhookRow } from '@posthorn/db';
import type { FastifyContextConfig, FastifyInstance } from 'fastify';
import { askPage, donePage, errorPage, unsubscribeHeaders } from '../unsubscribe-page.js';
import { writeVersionAs } from '../webhook-changing.js';
import type { WebhookDependencies } from './own-webhook.js';

const path = '/unsubscribe/:token';
const html = 'text/html; charset=utf-8';
/** Who versions and the audit log say that it was. */
const author = { keyId: null, name: 'unsubscribe link' } as const;
const bodyBytesMax = 16 * 1024;

const problemPage = ({ status }: ProblemError): string =>
  status === 404
    ? errorPage('This link leads nowhere', 'It is not whole, or the webhook that it was about is gone. Then nobody gets e-mails about it.')
    : errorPage('That did not work', 'Nothing was changed. Please try again in a moment.');

const config: FastifyContextConfig = { permission: 'public', errorForm: { mediaType: html, schema: 'Problem', body: problemPage } };
const route = { config, schema: { hide: true } };

const nameOf = ({ name, code, url }: WebhookRow): string => name ?? code ?? url;

/** GET and POST /unsubscribe/{token}. */
export const unsubscribeRoutes = (dependencies: WebhookDependencies) => async (app: FastifyInstance) => {
  const { beyondWall, unsubscribeKeys, origin } = dependencies;

  const requireWebhook = async (params: unknown): Promise<WebhookRow> => {
    const id = readUnsubscribeToken(unsubscribeKeys, (params as { readonly token: string }).token);
    const row = id === null ? undefined : await beyondWall.findAnyWebhook(id);
    if (row === undefined) throw problem('not_found');
    return row;
  };

  // A form of ours, List-Unsubscribe=One-Click, or nothing: that it is sent says all.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: bodyBytesMax }, (_request, _body, done) => done(null, null));
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(unsubscribeHeaders);
  });

  app.get(path, route, async (request, reply) => reply.type(html).send(askPage(nameOf(await requireWebhook(request.params)))));

  app.post(path, route, async (request, reply) => {
    const row = await requireWebhook(request.params);
    const reach = { environmentId: row.environment_id, tenantId: row.tenant_id };
    await inReach(reach, () =>
      writeVersionAs(dependencies, reach, author, { webhookId: row.id, ifMatch: undefined }, (before) => ({
        fields: { ...before, notification: { ...before.notification, success: false, fail: false } },
      })),
    );
    return reply.type(html).send(donePage(nameOf(row), `${origin()}/webhooks/${row.id}`));
  });
};
