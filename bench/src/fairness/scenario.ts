// What the product must bear, each as a scenario: it starts the product, makes the trouble and says what it saw. Whether that is good
// enough is decided in `verdict.ts`, by the bars that come with the figures.
import type { Servers } from '../rig.js';

/** In the order in which they run. */
export const scenarioNames = ['half-dead', 'heavy-webhook', 'drain', 'many-webhooks', 'webhook-api', 'console-live'] as const;

/** The names under which the scenarios stand in options and tables. */
export type ScenarioName = (typeof scenarioNames)[number];

/** What a figure has to keep: `of` its own value, or as a multiple of its baseline. */
export interface Bar {
  readonly of: 'value' | 'baseline';
  readonly relation: '≥' | '≤' | '<';
  readonly limit: number;
}

/** One figure of one round; `baseline` is the same without the trouble. Without a bar it is told, not judged. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  readonly baseline?: number;
  readonly bar?: Bar;
}

/** One trouble. */
export interface Scenario {
  readonly name: ScenarioName;
  /** What is done, in a sentence or two. */
  readonly story: string;
  /**
   * One round: always the same figures in the same order. Rejects if anything was lost, or delivered twice where it must not be. A quick
   * round is for trying: too short for figures that mean something.
   */
  run(servers: Servers, quick: boolean): Promise<readonly Figure[]>;
}
