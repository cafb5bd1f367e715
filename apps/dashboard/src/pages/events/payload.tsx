// What the producer sent, as a tree or as the text that came.
import { Code, CopyButton, Group, Paper, SegmentedControl, Stack, Text, Title, UnstyledButton } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { EventWithTexts } from '../../api/event-queries.js';
import { parseWritten } from '../../api/raw-json.js';
import { JsonTree } from './json-tree.js';

const titles = { data: 'Data', current_context: 'Context', resources: 'Resources' } as const;
/** Longer ones are text only at first: a tree of them takes the browser long. */
const treeCharsMax = 256 * 1024;

export const Payload = ({ texts }: Pick<EventWithTexts, 'texts'>) => {
  const isLarge = texts.data.length > treeCharsMax;
  const [view, setView] = useState(isLarge ? 'Text' : 'Tree');
  return (
    <Paper withBorder p="md" component="section" aria-label="Payload">
      <Group justify="space-between" mb="sm">
        <Title order={2} size="h3">
          Payload
        </Title>
        <SegmentedControl size="xs" data={['Tree', 'Text']} value={view} onChange={setView} aria-label="Show as" />
      </Group>
      <Stack>
        {(['data', 'current_context', 'resources'] as const)
          .filter((part) => part === 'data' || texts[part] !== 'null')
          .map((part) => (
            <div key={part}>
              <Group gap="xs" mb={4}>
                <Text fw={600} size="sm">
                  {titles[part]}
                </Text>
                <CopyButton value={texts[part]}>
                  {({ copied, copy }) => (
                    <UnstyledButton onClick={copy} fz="xs" td="underline" aria-label={`Copy ${titles[part]}`}>
                      {copied ? 'copied' : 'copy'}
                    </UnstyledButton>
                  )}
                </CopyButton>
              </Group>
              {view === 'Tree' ? (
                <Tree text={texts[part]} />
              ) : (
                <Code block className="as-sent" tabIndex={0} aria-label={titles[part]}>
                  {texts[part]}
                </Code>
              )}
            </div>
          ))}
      </Stack>
    </Paper>
  );
};

const Tree = ({ text }: { readonly text: string }) => {
  const value = useMemo(() => parseWritten(text), [text]);
  return (
    <div className="tree">
      <JsonTree value={value} />
    </div>
  );
};
