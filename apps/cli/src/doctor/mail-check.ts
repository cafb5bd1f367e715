// Whether mails can be sent: connects to the mail server and logs in, and sends nothing.
import type { Config } from '@posthorn/config';
import { createPost } from '@posthorn/mail';
import { type Check, type ErrorWords, ok, problem, warning } from './check.js';

const mailMs = 10_000;
const name = 'mail server';

export const checkMail = async ({ smtpUrl, mailFrom, operatorEmail }: Config, words: ErrorWords): Promise<readonly Check[]> => {
  if (smtpUrl === null) {
    if (operatorEmail === null) return [ok(name, 'none is set: nothing is mailed')];
    return [warning(name, 'POSTHORN_OPERATOR_EMAIL is set, and nothing is mailed', 'set SMTP_URL')];
  }
  const post = createPost({ smtpUrl, from: mailFrom, limits: { connectMs: mailMs, greetingMs: mailMs, idleMs: mailMs, sendMs: mailMs } });
  try {
    const wrong = await post.tryOut();
    if (wrong === null) return [ok(name, 'it answers, and takes the login')];
    return [
      problem(name, `it cannot be used: ${words(new Error(wrong))}`, 'put SMTP_URL right: smtp:// or smtps://, host, port, user:password@'),
    ];
  } finally {
    post.close();
  }
};
