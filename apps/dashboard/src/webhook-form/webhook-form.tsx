// The form of a webhook, for a new one and for changes. What was typed is not lost without being asked.
import { Alert, Anchor, Button, Collapse, Group, List, Modal, PasswordInput, Select, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useDisclosure } from '@mantine/hooks';
import { useRef, useState } from 'react';
import { useBlocker } from 'react-router';
import { ApiProblem, messageOf } from '../api/problem.js';
import { errorsOf, type FieldErrors, fieldErrorsOf } from './body.js';
import { EventTypesInput } from './event-types-input.js';
import { MoreFields } from './more-fields.js';
import type { WebhookValues } from './values.js';

type Props = {
  readonly initial: WebhookValues;
  readonly isNew: boolean;
  /** Throws what is wrong; the form shows it where it belongs. */
  readonly onSubmit: (values: WebhookValues) => Promise<void>;
  readonly onCancel: () => void;
};

/** The fields that are seen without "More". */
const mainFields: ReadonlySet<string> = new Set(['name', 'eventTypes', 'notificationType', 'url', 'apiKey']);

export const WebhookFormView = ({ initial, isNew, onSubmit, onCancel }: Props) => {
  const form = useForm<WebhookValues>({ initialValues: initial, validate: (values) => errorsOf(values) as Record<string, string> });
  const [showsMore, more] = useDisclosure(false);
  const [problem, setProblem] = useState<unknown>(null);
  const [isSaving, setSaving] = useState(false);
  const isDone = useRef(false);
  const blocker = useBlocker(() => !isDone.current && form.isDirty());

  const show = (errors: FieldErrors) => {
    form.setErrors(errors);
    if (Object.keys(errors).some((name) => !mainFields.has(name))) more.open();
  };
  const submit = async (values: WebhookValues) => {
    setSaving(true);
    setProblem(null);
    isDone.current = true;
    try {
      await onSubmit(values);
    } catch (error) {
      isDone.current = false;
      setProblem(error);
      if (error instanceof ApiProblem) show(fieldErrorsOf(error.errors, values));
    } finally {
      setSaving(false);
    }
  };
  const { scheme } = form.values;
  return (
    <form
      onSubmit={form.onSubmit(
        (values) => void submit(values),
        (errors) => show(errors as FieldErrors),
      )}
      noValidate
    >
      <Stack maw={720}>
        <TextInput
          label="Webhook Name"
          description="By which people recognize it."
          placeholder="Work orders to the warehouse"
          {...form.getInputProps('name')}
        />
        <EventTypesInput {...form.getInputProps('eventTypes')} />
        <Select
          label="Notification Type"
          description="REST: the external system is notified by the API."
          allowDeselect={false}
          data={[{ value: 'rest', label: 'REST' }]}
          {...form.getInputProps('notificationType')}
        />
        <TextInput
          label="URL"
          description="Where the notifications go."
          placeholder="https://example.com/webhooks"
          type="url"
          inputMode="url"
          withAsterisk
          {...form.getInputProps('url')}
        />
        <PasswordInput
          label="API Key"
          description="Sent with every notification, so that the receiver knows whom it is from."
          placeholder={isNew || scheme === 'none' ? 'None' : 'Unchanged'}
          autoComplete="off"
          disabled={scheme === 'none'}
          visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the API Key' }}
          {...form.getInputProps('apiKey')}
        />
        <Anchor component="button" type="button" onClick={more.toggle} aria-expanded={showsMore} ta="left" w="fit-content">
          {showsMore ? 'Less' : 'More'}
        </Anchor>
        <Collapse expanded={showsMore}>{showsMore && <MoreFields form={form} isNew={isNew} />}</Collapse>
        {problem !== null && <Refusal error={problem} />}
        <Group>
          <Button type="submit" loading={isSaving}>
            {isNew ? 'Create' : 'Save'}
          </Button>
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
        </Group>
      </Stack>
      <Modal
        opened={blocker.state === 'blocked'}
        onClose={() => blocker.reset?.()}
        title="Discard what you typed?"
        withCloseButton={false}
        centered
      >
        <Text>{isNew ? 'The webhook was not created.' : 'Your changes were not saved.'}</Text>
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={() => blocker.reset?.()} data-autofocus>
            Go on editing
          </Button>
          <Button color="red" onClick={() => blocker.proceed?.()}>
            Discard
          </Button>
        </Group>
      </Modal>
    </form>
  );
};

const Refusal = ({ error }: { readonly error: unknown }) => (
  <Alert color="red" role="alert" title="Not saved">
    <Text size="sm">{messageOf(error)}</Text>
    {error instanceof ApiProblem && error.errors.length > 1 && (
      <List size="sm" mt="xs">
        {error.errors.map(({ pointer, message }) => (
          <List.Item key={`${pointer} ${message}`}>{message}</List.Item>
        ))}
      </List>
    )}
  </Alert>
);
