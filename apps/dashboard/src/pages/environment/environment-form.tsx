// The form of the environment's settings.
import { Alert, Fieldset, NumberInput, Select, SimpleGrid, Switch, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { EditingForm } from '../../shared/editing-form.js';
import { type EnvironmentValues, scheduleFault } from './environment-values.js';

type Props = {
  readonly initial: EnvironmentValues;
  readonly isLive: boolean;
  readonly onSubmit: (values: EnvironmentValues) => Promise<void>;
  readonly onCancel: () => void;
};

const checks = [
  { value: 'off', label: 'Not look at the schema' },
  { value: 'warn', label: 'Accept it, with a warning' },
  { value: 'reject', label: 'Refuse it' },
];
const recoveries = [
  { value: '', label: 'Default: automatic' },
  { value: 'automatic', label: 'Automatic: it is probed' },
  { value: 'manual', label: 'Manual: it waits for a person' },
];

export const EnvironmentForm = ({ initial, isLive, onSubmit, onCancel }: Props) => {
  const form = useForm<EnvironmentValues>({
    initialValues: initial,
    validate: {
      name: (text) => (text.trim() === '' ? 'An environment needs a name' : null),
      retry_schedule_s: scheduleFault,
    },
  });
  return (
    <EditingForm form={form} verb="Save" unsaved="Your changes were not saved." onSubmit={onSubmit} onCancel={onCancel}>
      <TextInput label="Name" description="Letters, digits and _ . : -" withAsterisk spellCheck={false} {...form.getInputProps('name')} />
      <Fieldset legend="Publishing">
        <Select
          label="An event that does not fit the schema of its type"
          description="What happens to it when it is published."
          allowDeselect={false}
          data={checks}
          {...form.getInputProps('event_schemas')}
        />
      </Fieldset>
      <Fieldset legend="Delivering, where a webhook has no value of its own">
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <NumberInput
            label="Timeout"
            description="Of a whole attempt"
            suffix=" ms"
            min={1_000}
            max={30_000}
            step={1_000}
            thousandSeparator=","
            placeholder="15,000 ms"
            allowDecimal={false}
            {...form.getInputProps('timeout_ms')}
          />
          <NumberInput
            label="Attempts at a time"
            description="To one webhook"
            min={1}
            max={10_000}
            placeholder="20"
            allowDecimal={false}
            {...form.getInputProps('max_in_flight')}
          />
          <NumberInput
            label="Circuit opens after"
            description="Failures in a row"
            min={1}
            max={1_000}
            placeholder="10"
            allowDecimal={false}
            {...form.getInputProps('circuit_threshold')}
          />
          <Select
            label="Open circuit"
            description="Whether it closes by itself"
            allowDeselect={false}
            data={recoveries}
            {...form.getInputProps('circuit_recovery')}
          />
        </SimpleGrid>
        <TextInput
          label="Retry schedule"
          description="The wait before each retry, in seconds. Empty: nine retries in three days."
          placeholder="5, 60, 600"
          mt="sm"
          {...form.getInputProps('retry_schedule_s')}
        />
      </Fieldset>
      <Switch label="Webhooks of a live environment may have plain http URLs" {...form.getInputProps('allow_http', { type: 'checkbox' })} />
      {isLive && form.values.allow_http && !initial.allow_http && (
        <Alert color="yellow" title="Not encrypted">
          What is sent to an http URL can be read and changed on its way.
        </Alert>
      )}
    </EditingForm>
  );
};
