// The form of a webhook, for a new one and for changes.
import { Anchor, Collapse, PasswordInput, Select, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useDisclosure } from '@mantine/hooks';
import { EditingForm } from '../shared/editing-form.js';
import { errorsOf, fieldErrorsOf } from './body.js';
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
  const openFor = (fields: readonly string[]) => {
    if (fields.some((name) => !mainFields.has(name))) more.open();
  };
  const { scheme } = form.values;
  return (
    <EditingForm
      form={form}
      verb={isNew ? 'Create' : 'Save'}
      unsaved={isNew ? 'The webhook was not created.' : 'Your changes were not saved.'}
      onSubmit={onSubmit}
      fieldErrors={fieldErrorsOf}
      onFaults={openFor}
      onCancel={onCancel}
    >
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
    </EditingForm>
  );
};
