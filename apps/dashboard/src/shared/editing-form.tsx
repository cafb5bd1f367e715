// The frame of a form: what the API refuses stands at the field that it is about, and what was typed is not lost without being asked.
import { Alert, Button, Group, List, Modal, Stack, Text } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { type ReactNode, useRef, useState } from 'react';
import { useBlocker } from 'react-router';
import { ApiProblem, type FieldError, messageOf } from '../api/problem.js';

type Props<Values> = {
  /** Its fields have the names that the API gives them. */
  readonly form: UseFormReturnType<Values>;
  /** The words on the button. */
  readonly verb: string;
  /** Said when one goes away from what was typed. */
  readonly unsaved: string;
  /** Throws what is wrong. */
  readonly onSubmit: (values: Values) => Promise<void>;
  /** The API's errors by the names of the fields that they are about; without it, by their pointers. */
  readonly fieldErrors?: (errors: readonly FieldError[], values: Values) => Partial<Record<string, string>>;
  /** Told the fields in which something is wrong, which may have to be opened. */
  readonly onFaults?: (fields: readonly string[]) => void;
  readonly onCancel: () => void;
  readonly children: ReactNode;
};

/** `/settings/timeout_ms` → the field `timeout_ms`; errors of no field are left out. */
const fieldErrorsOf = (errors: readonly FieldError[], values: object): Record<string, string> =>
  Object.fromEntries(
    errors.flatMap(({ pointer, message }) => {
      const field = pointer.split('/').find((part) => part in values);
      return field === undefined ? [] : [[field, message]];
    }),
  );

export function EditingForm<Values extends object>({
  form,
  verb,
  unsaved,
  onSubmit,
  fieldErrors = fieldErrorsOf,
  onFaults,
  onCancel,
  children,
}: Props<Values>) {
  const [problem, setProblem] = useState<unknown>(null);
  const [isSaving, setSaving] = useState(false);
  const isDone = useRef(false);
  const blocker = useBlocker(() => !isDone.current && form.isDirty());
  const submit = async (values: Values) => {
    setSaving(true);
    setProblem(null);
    isDone.current = true;
    try {
      await onSubmit(values);
    } catch (error) {
      setProblem(error);
      if (!(error instanceof ApiProblem)) return;
      const faults = fieldErrors(error.errors, values);
      form.setErrors(faults);
      onFaults?.(Object.keys(faults));
    } finally {
      isDone.current = false;
      setSaving(false);
    }
  };
  return (
    <form
      onSubmit={form.onSubmit(
        (values) => void submit(values),
        (errors) => onFaults?.(Object.keys(errors)),
      )}
      noValidate
    >
      <Stack maw={720}>
        {children}
        {problem !== null && <Refusal error={problem} />}
        <Group>
          <Button type="submit" loading={isSaving}>
            {verb}
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
        <Text>{unsaved}</Text>
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
}

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
