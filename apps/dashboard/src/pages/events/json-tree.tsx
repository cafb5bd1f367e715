// JSON as a tree that folds. Everything in it is text.
import { Text } from '@mantine/core';
import { WrittenNumber } from '../../api/raw-json.js';
import './waterfall.css';

/** Deeper than this it begins folded, and so does what has more parts than that; parts beyond the last limit are counted. */
const openDepth = 2;
const openParts = 50;
const shownParts = 500;

type Props = { readonly value: unknown; readonly name?: string; readonly depth?: number };

const leafText = (value: unknown): string => (value instanceof WrittenNumber ? value.text : JSON.stringify(value));

export const JsonTree = ({ value, name, depth = 0 }: Props) => {
  const label = name === undefined ? '' : `${name}: `;
  if (value === null || typeof value !== 'object' || value instanceof WrittenNumber)
    return (
      <Text size="sm" ff="monospace" className="break-anywhere">
        {label}
        {leafText(value)}
      </Text>
    );
  const parts = Object.entries(value);
  const isList = Array.isArray(value);
  const count = isList ? `[${parts.length}]` : `{${parts.length}}`;
  return (
    <details open={depth < openDepth && parts.length <= openParts}>
      <summary>
        <Text size="sm" ff="monospace" span className="break-anywhere">
          {label}
          {count}
        </Text>
      </summary>
      <ul>
        {parts.slice(0, shownParts).map(([key, part]) => (
          <li key={key}>
            <JsonTree value={part} name={key} depth={depth + 1} />
          </li>
        ))}
        {parts.length > shownParts && <li>and {parts.length - shownParts} more: see the text</li>}
      </ul>
    </details>
  );
};
