// The buttons of a webhook. What the role may not do, or what would do nothing now, is not there.
import { Button, Menu } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import type { Webhook } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import { Confirm, type Confirmation } from '../../shared/confirm.js';
import { SecretDialog } from './secret-dialog.js';
import { TestDialog } from './test-dialog.js';
import { type Effect, effectsOf } from './webhook-effects.js';

type Dialog = 'test' | 'rotate' | 'reveal' | null;

export const WebhookActions = ({ webhook }: { readonly webhook: Webhook }) => {
  const may = useMay();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  const [dialog, setDialog] = useState<Dialog>(null);
  const offered = effectsOf(webhook).filter(({ needs, isOffered }) => isOffered && may(needs));
  const ask = (effect: Effect) =>
    setConfirmation({
      ...effect,
      act: async () => {
        await effect.act();
        notifications.show({ message: effect.done, color: 'green' });
        if (effect.label === 'Delete') {
          navigate('/webhooks');
          queries.removeQueries({ queryKey: ['webhooks'] });
        } else await queries.invalidateQueries({ queryKey: ['webhooks'] });
      },
    });
  const close = () => setDialog(null);
  if (!may('operate_webhooks') && !may('edit_webhooks')) return null;
  return (
    <>
      {may('edit_webhooks') && (
        <Button component={Link} to={`/webhooks/${webhook.id}/edit`} variant="default">
          Edit
        </Button>
      )}
      {may('operate_webhooks') && (
        <Button variant="default" onClick={() => setDialog('test')}>
          Send test
        </Button>
      )}
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default">Actions</Button>
        </Menu.Target>
        <Menu.Dropdown>
          {may('edit_webhooks') && <Menu.Item onClick={() => setDialog('reveal')}>Show secret</Menu.Item>}
          {may('edit_webhooks') && <Menu.Item onClick={() => setDialog('rotate')}>Rotate secret</Menu.Item>}
          {offered.map((effect) => (
            <Menu.Item key={effect.label} onClick={() => ask(effect)} {...(effect.isDangerous && { c: 'var(--mantine-color-red-text)' })}>
              {effect.label}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Confirm confirmation={confirmation} onClose={() => setConfirmation(null)} />
      {dialog === 'test' && <TestDialog webhook={webhook} onClose={close} />}
      {(dialog === 'rotate' || dialog === 'reveal') && <SecretDialog webhook={webhook} rotates={dialog === 'rotate'} onClose={close} />}
    </>
  );
};
