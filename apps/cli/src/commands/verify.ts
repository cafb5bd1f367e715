// `posthorn verify`: whether a request that somebody saved verifies, and which part is wrong.
import { type ExplainableRequest, explainSignature, type SignatureExplanation } from '@posthorn/client';
import { type Command, InvalidArgumentError } from 'commander';
import { readHeaderLines } from '../header-lines.js';
import { printable, type Terminal } from '../terminal.js';
import { readArgumentBytes, readArgumentText } from '../text-argument.js';

const secretsMax = 20;
const secretEndChars = 4;

type VerifyOptions = {
  readonly secret: readonly string[];
  readonly headers?: string;
  readonly id?: string;
  readonly timestamp?: string;
  readonly signature?: string;
  readonly body: string;
};

export function registerVerify(program: Command, terminal: Terminal): void {
  program
    .command('verify')
    .description('check the signature of a request and say which part is wrong; exit code 1 if it does not verify')
    .requiredOption('--secret <secret>', 'secret of the webhook (whsec_…); may be given several times', collect)
    .option('--headers <lines>', 'the header lines of the request: @file, - for standard input, or the text itself')
    .option('--id <id>', 'header webhook-id')
    .option('--timestamp <seconds>', 'header webhook-timestamp')
    .option('--signature <signature>', 'header webhook-signature (v1,…)')
    .requiredOption('--body <body>', 'the body as it came: @file, - for standard input, or the text itself')
    .action(async (options: VerifyOptions) => {
      const request = await readRequest(options);
      const explanation = explainSignature({ ...request, nowS: Math.floor(Date.now() / 1000) });
      if (!explanation.ok) throw new Error(`it does not verify: ${faultLine(explanation)}`);
      terminal.print(printable(successLine(request, explanation)));
    });
}

function collect(secret: string, earlier: readonly string[] = []): readonly string[] {
  if (earlier.length >= secretsMax) throw new InvalidArgumentError(`At most ${secretsMax} secrets are tried.`);
  return [...earlier, secret];
}

type SavedRequest = Omit<ExplainableRequest, 'nowS'>;

/** What is given by itself wins over the header lines. */
async function readRequest(options: VerifyOptions): Promise<SavedRequest> {
  if (options.headers === '-' && options.body === '-') throw new Error('only one of --headers and --body can be standard input');
  const lines = options.headers === undefined ? {} : readHeaderLines(await readArgumentText(options.headers, '--headers'));
  const given = { 'webhook-id': options.id, 'webhook-timestamp': options.timestamp, 'webhook-signature': options.signature };
  const headers = { ...lines, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) };
  return { secrets: options.secret, headers, body: await readArgumentBytes(options.body, '--body') };
}

function faultLine({ faults }: SignatureExplanation & { ok: false }): string {
  return faults.map(({ part, message }) => `${part}: ${message}`).join('; besides, ');
}

/** Which secret and which signature agreed is said where there was a choice. */
function successLine(
  { secrets, body }: SavedRequest,
  { secretIndex, signatureIndex, signatures }: SignatureExplanation & { ok: true },
): string {
  const secret =
    secrets.length === 1 ? '' : ` with secret ${secretIndex + 1} of ${secrets.length} (…${secrets[secretIndex]!.slice(-secretEndChars)})`;
  const signature = signatures === 1 ? '' : ` by signature ${signatureIndex + 1} of ${signatures}: ${rotationHint(signatureIndex)}`;
  return `it verifies${secret}${signature} (${body.length} bytes)`;
}

/** The current secret signs first. */
function rotationHint(signatureIndex: number): string {
  return signatureIndex === 0 ? 'this is the new secret of a rotation' : 'a rotation is under way, and this secret will end';
}
