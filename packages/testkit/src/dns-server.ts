// Somebody's DNS server, played on a loopback port over UDP and TCP, that answers as it is told and counts its questions. Like a real one it
// cuts what is too long for UDP and says so, so that the asker comes back over TCP.
import { createSocket } from 'node:dgram';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import dnsPacket, { type Answer as DnsRecord } from 'dns-packet';

export type DnsQuestion = {
  readonly name: string;
  readonly type: string;
  readonly transport: 'udp' | 'tcp';
  /** Counts from 0, over all names and types. */
  readonly index: number;
};

export type DnsAnswer = {
  readonly rcode?: 'NXDOMAIN' | 'SERVFAIL' | 'REFUSED' | 'NOTIMP' | 'FORMERR';
  readonly a?: readonly string[];
  readonly aaaa?: readonly string[];
  /** The name is another name's alias; the addresses are that one's. */
  readonly cname?: string;
  /** Default 0. */
  readonly ttlS?: number;
  /** No records over UDP and the TC bit. */
  readonly truncated?: true;
  /** No answer at all; over TCP the connection stays open. */
  readonly silent?: true;
  /** Over TCP: the connection ends instead of an answer. */
  readonly hangUp?: true;
  /** These bytes behind the question's id instead of an answer. */
  readonly garbage?: Buffer;
};

export type DnsScript = DnsAnswer | ((question: DnsQuestion) => DnsAnswer);

export type DnsServer = {
  /** For `Resolver.setServers`. */
  readonly servers: readonly string[];
  readonly questions: readonly DnsQuestion[];
  /** Answers from now on. */
  answer(script: DnsScript): void;
  stop(): Promise<void>;
};

const rcodes = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;
const truncatedFlag = 0x0200;
const plainUdpBytesMax = 512;

/** Starts a DNS server. */
export async function startDnsServer(options: { readonly answer: DnsScript }): Promise<DnsServer> {
  let script = options.answer;
  const questions: DnsQuestion[] = [];
  const sockets = new Set<Socket>();

  const decide = (query: Buffer, transport: 'udp' | 'tcp'): { readonly answer: DnsAnswer; readonly bytes: Buffer } => {
    const { name, type } = dnsPacket.decode(query).questions![0]!;
    const question = { name, type, transport, index: questions.length };
    questions.push(question);
    const answer = typeof script === 'function' ? script(question) : script;
    return {
      answer,
      bytes: answer.garbage === undefined ? reply(query, answer, transport) : Buffer.concat([query.subarray(0, 2), answer.garbage]),
    };
  };

  const tcp = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    socket.once('close', () => sockets.delete(socket));
    let held = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      held = Buffer.concat([held, chunk]);
      while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
        const query = held.subarray(2, 2 + held.readUInt16BE(0));
        held = held.subarray(2 + query.length);
        const { answer, bytes } = decide(query, 'tcp');
        const length = Buffer.alloc(2);
        length.writeUInt16BE(bytes.length);
        if (answer.hangUp) socket.end();
        else if (!answer.silent) socket.write(Buffer.concat([length, bytes]));
      }
    });
  });
  const udp = createSocket('udp4');
  udp.on('message', (query, { port, address }) => {
    const { answer, bytes } = decide(query, 'udp');
    if (!answer.silent) udp.send(bytes, port, address);
  });

  const port = await listenOnBoth(tcp, udp);
  return {
    servers: [`127.0.0.1:${port}`],
    questions,
    answer: (next) => {
      script = next;
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all([new Promise((resolve) => tcp.close(resolve)), new Promise<void>((resolve) => udp.close(resolve))]);
    },
  };
}

/** One port number for both; somebody else may hold its other half, so this asks for another one a few times. */
async function listenOnBoth(tcp: ReturnType<typeof createServer>, udp: ReturnType<typeof createSocket>): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    await new Promise<void>((resolve, reject) => tcp.once('error', reject).listen(0, '127.0.0.1', resolve));
    const { port } = tcp.address() as AddressInfo;
    try {
      await new Promise<void>((resolve, reject) => {
        udp.once('error', reject);
        udp.bind(port, '127.0.0.1', resolve);
      });
      return port;
    } catch (error) {
      await new Promise((resolve) => tcp.close(resolve));
      if (attempt === 5) throw error;
    }
  }
}

function reply(query: Buffer, answer: DnsAnswer, transport: 'udp' | 'tcp'): Buffer {
  const asked = dnsPacket.decode(query);
  const { name, type } = asked.questions![0]!;
  const ttl = answer.ttlS ?? 0;
  const owner = answer.cname ?? name;
  const addresses = type === 'A' ? answer.a : type === 'AAAA' ? answer.aaaa : [];
  const records: DnsRecord[] = [
    ...(answer.cname === undefined ? [] : [{ type: 'CNAME' as const, name, ttl, data: answer.cname }]),
    ...(addresses ?? []).map((data) => ({ type: type as 'A' | 'AAAA', name: owner, ttl, data })),
  ];
  const flags = dnsPacket.RECURSION_DESIRED | dnsPacket.RECURSION_AVAILABLE | rcodes[answer.rcode ?? 'NOERROR'];
  const make = (answers: DnsRecord[], more: number) =>
    dnsPacket.encode({ type: 'response', id: asked.id ?? 0, flags: flags | more, questions: asked.questions ?? [], answers });
  if (transport === 'tcp') return make(records, 0);
  const whole = make(records, 0);
  return answer.truncated || whole.length > plainUdpBytesMax ? make([], truncatedFlag) : whole;
}
