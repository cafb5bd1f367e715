// Everything that a webhook can have beyond a name, events, an address and a key.
import {
  Fieldset,
  JsonInput,
  NumberInput,
  PasswordInput,
  Select,
  SimpleGrid,
  Stack,
  Switch,
  TagsInput,
  Textarea,
  TextInput,
} from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useMay, useSession } from '../api/session.js';
import type { WebhookValues } from './values.js';

export type WebhookForm = UseFormReturnType<WebhookValues>;
type Props = { readonly form: WebhookForm; readonly isNew: boolean };

const byDefault = "The environment's default";

export const MoreFields = ({ form, isNew }: Props) => (
  <Stack>
    <Identity form={form} isNew={isNew} />
    <Authentication form={form} isNew={isNew} />
    <Matching form={form} />
    <Sending form={form} isNew={isNew} />
    <Retrying form={form} />
    <Telling form={form} />
  </Stack>
);

const Identity = ({ form, isNew }: Props) => {
  const { tenant } = useSession();
  return (
    <Fieldset legend="Identity">
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        {isNew && tenant === null && (
          <TextInput label="Tenant" description="Whose webhook it is. Empty: default" {...form.getInputProps('tenant')} />
        )}
        <TextInput label="Code" description="Lower-case letters, digits and _" {...form.getInputProps('code')} />
        <TextInput label="Reference" {...form.getInputProps('reference')} />
        <TextInput label="Reference origin" {...form.getInputProps('referenceOrigin')} />
      </SimpleGrid>
      <Textarea label="Description" autosize minRows={2} mt="sm" {...form.getInputProps('description')} />
      <JsonInput label="Metadata" description="A JSON object" autosize minRows={2} mt="sm" {...form.getInputProps('metadata')} />
      {isNew && <Switch label="Active from the start" mt="sm" {...form.getInputProps('isActive', { type: 'checkbox' })} />}
    </Fieldset>
  );
};

const Authentication = ({ form, isNew }: Props) => (
  <Fieldset legend="Authentication and signatures">
    <SimpleGrid cols={{ base: 1, xs: 2 }}>
      <Select
        label="How the API Key is sent"
        allowDeselect={false}
        data={[
          { value: 'api_key', label: 'In a header' },
          { value: 'bearer', label: 'As a bearer token' },
          { value: 'basic', label: 'As the password of a user name' },
          { value: 'none', label: 'Not at all' },
        ]}
        {...form.getInputProps('scheme')}
      />
      {form.values.scheme === 'api_key' && (
        <TextInput label="Header of the API Key" placeholder="x-api-key" {...form.getInputProps('apiKeyHeader')} />
      )}
      {form.values.scheme === 'basic' && <TextInput label="User name" {...form.getInputProps('username')} />}
      <TextInput
        label="Signature header"
        placeholder="x-signature"
        description="One more signature"
        {...form.getInputProps('signatureHeaderName')}
      />
      <TextInput
        label="Value of the signature header"
        placeholder="sha256={hex}"
        description="With one of {hex} {base64} {base64url}"
        {...form.getInputProps('signatureHeaderValue')}
      />
      {isNew && (
        <PasswordInput
          label="Signing secret"
          description="Empty: one is made"
          autoComplete="off"
          visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the secret' }}
          {...form.getInputProps('secret')}
        />
      )}
    </SimpleGrid>
  </Fieldset>
);

const Matching = ({ form }: Pick<Props, 'form'>) => (
  <Fieldset legend="Which events">
    <TagsInput label="Project flows" description="None: all" {...tags(form, 'projectFlows')} />
    <JsonInput
      label="Context"
      description="A JSON object: what an event's current_context must have"
      autosize
      minRows={2}
      mt="sm"
      {...form.getInputProps('context')}
    />
    <JsonInput
      label="Filter"
      description="A JSON object: a condition on event_type, current_context and data"
      autosize
      minRows={2}
      mt="sm"
      {...form.getInputProps('filter')}
    />
  </Fieldset>
);

const Sending = ({ form }: Props) => (
  <Fieldset legend="What is sent">
    <SimpleGrid cols={{ base: 1, xs: 2 }}>
      <Select
        label="Payload format"
        allowDeselect={false}
        data={['envelope', 'standard', 'jsonapi', 'event_payload', 'cloudevents', 'data']}
        {...form.getInputProps('payloadFormat')}
      />
      <TagsInput label="Resources to include" {...tags(form, 'includeResources')} />
    </SimpleGrid>
    <Textarea
      label="Headers"
      description="name: value, one a line. Values that read <hidden> stay as they are"
      autosize
      minRows={2}
      mt="sm"
      {...form.getInputProps('headers')}
    />
  </Fieldset>
);

const Retrying = ({ form }: Pick<Props, 'form'>) => {
  const may = useMay();
  return (
    <Fieldset legend="Speed, retries and circuit">
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <NumberInput
          label="Timeout (ms)"
          placeholder={byDefault}
          min={1_000}
          max={30_000}
          hideControls
          {...form.getInputProps('timeoutMs')}
        />
        <NumberInput
          label="Requests at once"
          placeholder={byDefault}
          min={1}
          max={10_000}
          hideControls
          {...form.getInputProps('maxInFlight')}
        />
        <NumberInput label="Rate limit: requests" placeholder="No limit" min={1} hideControls {...form.getInputProps('rateMax')} />
        <NumberInput
          label="Rate limit: in seconds"
          placeholder="No limit"
          min={1}
          max={3_600}
          hideControls
          {...form.getInputProps('rateSeconds')}
        />
        <TextInput
          label="Retry after (s)"
          placeholder={byDefault}
          description="Such as 5, 60, 600"
          {...form.getInputProps('retrySchedule')}
        />
        {may('reset_circuit') && (
          <>
            <NumberInput
              label="Failures that open the circuit"
              placeholder={byDefault}
              description="In a row"
              min={1}
              max={1_000}
              hideControls
              {...form.getInputProps('circuitThreshold')}
            />
            <Select
              label="Circuit closes"
              allowDeselect={false}
              data={[
                { value: '', label: byDefault },
                { value: 'automatic', label: 'By itself, when a probe succeeds' },
                { value: 'manual', label: 'By hand' },
              ]}
              {...form.getInputProps('circuitRecovery')}
            />
          </>
        )}
      </SimpleGrid>
    </Fieldset>
  );
};

const Telling = ({ form }: Pick<Props, 'form'>) => (
  <Fieldset legend="Notification by mail">
    <Stack gap="sm">
      <TextInput
        label="E-mail"
        description="Who is told. Empty: the tenant's address, or else the operator's."
        type="email"
        autoComplete="off"
        {...form.getInputProps('email')}
      />
      <Switch
        label="On failure"
        description="When it keeps failing and when it works again, when its circuit opens or a delivery fails for good, and when it is disabled."
        {...form.getInputProps('emailOnFail', { type: 'checkbox' })}
      />
      <Switch
        label="On success"
        description="How much was delivered, at most every 5 minutes."
        {...form.getInputProps('emailOnSuccess', { type: 'checkbox' })}
      />
    </Stack>
  </Fieldset>
);

const tags = (form: WebhookForm, name: 'projectFlows' | 'includeResources') => ({
  value: [...form.values[name]],
  onChange: (value: string[]) => form.setFieldValue(name, value),
  error: form.errors[name],
});
