// `posthorn publish`: publishes an event, or the same one many times, and prints the ids.
import { type Client, type EventToPublish, type JsonText, jsonText } from '@posthorn/client';
import type { Command } from 'commander';
import { type ApiOptions, addApiOptions, connectApi } from '../api-options.js';
import { checkedJson } from '../checked-json.js';
import { oneLine } from '../failure.js';
import { runInFlight } from '../in-flight.js';
import { wholeNumber } from '../number-option.js';
import type { Terminal } from '../terminal.js';
import { readArgumentText } from '../text-argument.js';

const countMax = 1_000_000;
const inFlightMax = 32;

type PublishOptions = ApiOptions & {
  readonly data: string;
  readonly context?: string;
  readonly tenant?: string;
  readonly id?: string;
  readonly count: number;
};

export function registerPublish(program: Command, terminal: Terminal): void {
  const command = program
    .command('publish')
    .description('publish an event and print its id')
    .argument('<event_type>', 'such as order.placed')
    .option('--data <json>', 'JSON, @file, or - for standard input; sent as it is', '{}')
    .option('--context <json>', 'current_context: JSON, @file or -')
    .option('--tenant <tenant>', 'whose webhooks it is for (default: default)')
    .option('--id <id>', 'your own id of the event: published again, it counts once')
    .option('--count <n>', 'publish it this many times', wholeNumber(1, countMax), 1);
  addApiOptions(command).action(async (eventType: string, options: PublishOptions) => {
    const event = await readEvent(eventType, options);
    await publish(await connectApi(options), event, options.count, terminal);
  });
}

async function readEvent(eventType: string, options: PublishOptions): Promise<EventToPublish> {
  if (options.id !== undefined && options.count > 1) throw new Error('--id and --count contradict each other: an id is published once');
  if (options.data === '-' && options.context === '-') throw new Error('only one of --data and --context can be standard input');
  const { tenant, id, context } = options;
  return {
    event_type: eventType,
    ...(tenant !== undefined && { tenant }),
    ...(id !== undefined && { id }),
    ...(context !== undefined && { current_context: await readJson(context, '--context') }),
    data: await readJson(options.data, '--data'),
  };
}

/** The JSON goes out as it was given, not written again. */
async function readJson(argument: string, option: string): Promise<JsonText> {
  return jsonText(checkedJson(await readArgumentText(argument, option), option));
}

async function publish(api: Client, event: EventToPublish, count: number, terminal: Terminal): Promise<void> {
  let published = 0;
  const publishOne = async (): Promise<void> => {
    const { id } = await api.publish(event);
    published++;
    terminal.print(id);
  };
  try {
    await runInFlight(count, inFlightMax, publishOne);
  } catch (error) {
    throw count === 1 ? error : new Error(`${published} of ${count} published, then: ${oneLine(error)}`, { cause: error });
  }
}
