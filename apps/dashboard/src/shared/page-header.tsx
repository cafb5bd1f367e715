// A page's title, which is the document's too, and what one can do on it on the right.
import { Group, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import type { ReactNode } from 'react';

type Props = { readonly title: string; readonly badges?: ReactNode; readonly actions?: ReactNode };

export const PageHeader = ({ title, badges, actions }: Props) => {
  useDocumentTitle(`${title} · Posthorn`);
  return (
    <Group justify="space-between" mb="md" gap="sm">
      <Group gap="xs">
        <Title order={1} className="break-anywhere">
          {title}
        </Title>
        {badges}
      </Group>
      {actions !== undefined && <Group gap="xs">{actions}</Group>}
    </Group>
  );
};
