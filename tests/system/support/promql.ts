// Reads PromQL with Prometheus's own grammar: which metrics a query names, and with which labels.
import { parser } from '@prometheus-io/lezer-promql';

export type Matcher = { readonly label: string; readonly operator: string; readonly value: string };
export type Selector = { readonly metric: string; readonly matchers: readonly Matcher[] };
export type Query = {
  readonly selectors: readonly Selector[];
  /** Labels that it groups by, joins on or leaves out. */
  readonly groupings: readonly string[];
};

/** Throws where the query is none. Grafana's variables are taken for times. */
export const readQuery = (text: string): Query => {
  const query = text.replaceAll('$__rate_interval', '5m');
  const textOf = (node: { readonly from: number; readonly to: number }): string => query.slice(node.from, node.to);
  const selectors: { metric: string; matchers: Matcher[] }[] = [];
  const groupings: string[] = [];
  parser.parse(query).iterate({
    enter: (node) => {
      if (node.type.isError) throw new Error(`no PromQL at ${node.from}: ${query}`);
      if (node.name === 'VectorSelector')
        selectors.push({ metric: textOf(node.node.getChild('Identifier') ?? { from: 0, to: 0 }), matchers: [] });
      if (node.name === 'UnquotedLabelMatcher') {
        const part = (name: string): string => textOf(node.node.getChild(name) ?? { from: 0, to: 0 });
        selectors.at(-1)?.matchers.push({ label: part('LabelName'), operator: part('MatchOp'), value: part('StringLiteral').slice(1, -1) });
      }
      if (node.name === 'GroupingLabels')
        groupings.push(
          ...textOf(node)
            .replace(/[()\s]/g, '')
            .split(',')
            .filter(Boolean),
        );
    },
  });
  return { selectors, groupings };
};
