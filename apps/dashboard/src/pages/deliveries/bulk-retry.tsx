// Everything that the filter matches again: first how many that are, then a replay of them.
import { Alert, Button, Group, List, Modal, Stack, Text, TextInput, Tooltip } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { forecastQuery, type NewReplay, type ReplayForecast, startReplay } from '../../api/event-queries.js';
import type { Filters } from '../../api/queries.js';
import { count, deliveries } from '../../shared/numbers.js';
import { ErrorState, Loading } from '../../shared/states.js';
import { filterWords, replayFilterOf } from './replay-filter.js';

/** More than that is confirmed by typing how many. */
const typedAbove = 1_000;

export const BulkRetry = ({ filters }: { readonly filters: Filters }) => {
  const [body, setBody] = useState<NewReplay | null>(null);
  const wanted = replayFilterOf(filters, new Date().toISOString());
  const obstacle = 'obstacle' in wanted ? wanted.obstacle : null;
  return (
    <>
      <Tooltip label={obstacle} disabled={obstacle === null} multiline w={280} events={{ hover: true, focus: true, touch: true }}>
        <Button
          variant="default"
          aria-disabled={obstacle !== null}
          data-disabled={obstacle !== null}
          {...(obstacle !== null && { 'aria-description': obstacle })}
          onClick={() => 'filter' in wanted && setBody({ filter: wanted.filter, mode: 'original' })}
        >
          Retry all that match
        </Button>
      </Tooltip>
      {body !== null && <Dialog body={body} onClose={() => setBody(null)} />}
    </>
  );
};

const Dialog = ({ body, onClose }: { readonly body: NewReplay; readonly onClose: () => void }) => {
  const { data, error, refetch } = useQuery({ ...forecastQuery(body), refetchOnWindowFocus: false });
  return (
    <Modal opened onClose={onClose} title="Retry all that match?" closeButtonProps={{ 'aria-label': 'Close' }} size="lg" centered>
      <Stack>
        <Text size="sm" className="break-anywhere">
          {filterWords(body.filter)}
        </Text>
        {data === undefined && (error === null ? <Loading rows={2} /> : <ErrorState error={error} onRetry={() => void refetch()} />)}
        {data !== undefined && <Confirming body={body} forecast={data} onClose={onClose} />}
      </Stack>
    </Modal>
  );
};

type ConfirmingProps = { readonly body: NewReplay; readonly forecast: ReplayForecast; readonly onClose: () => void };

const Confirming = ({ body, forecast, onClose }: ConfirmingProps) => {
  const [typed, setTyped] = useState('');
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => startReplay(body),
    onSuccess: ({ id }) => {
      void queries.invalidateQueries({ queryKey: ['deliveries'] });
      navigate(`/replays/${id}`);
    },
  });
  const { would_open: opens, is_complete: isComplete } = forecast;
  const mustType = opens > typedAbove || !isComplete;
  const isConfirmed = !mustType || typed.replaceAll(/[\s,.]/g, '') === String(opens);
  return (
    <>
      <Forecast forecast={forecast} />
      {mustType && (
        <TextInput
          label={`Type ${count(opens)} to confirm`}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          inputMode="numeric"
        />
      )}
      {error !== null && <ErrorState error={error} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose} data-autofocus>
          Cancel
        </Button>
        <Button loading={isPending} disabled={(opens === 0 && isComplete) || !isConfirmed} onClick={() => mutate()}>
          {`Retry ${isComplete ? '' : 'at least '}${deliveries(opens)}`}
        </Button>
      </Group>
    </>
  );
};

const Forecast = ({ forecast: { total, would_open, already_waiting, refused, is_complete } }: { readonly forecast: ReplayForecast }) => (
  <Alert color={would_open === 0 ? 'gray' : 'blue'} role="status" title={`${is_complete ? '' : 'At least '}${deliveries(total)} match`}>
    <List size="sm">
      <List.Item>{deliveries(would_open)} will be sent again, each with a fresh schedule and the same webhook-id</List.Item>
      {already_waiting > 0 && <List.Item>{deliveries(already_waiting)} already waiting, and left alone</List.Item>}
      {refused > 0 && (
        <List.Item>{deliveries(refused)} cannot be sent: their webhook is disabled or deleted, or their event erased</List.Item>
      )}
      {!is_complete && <List.Item>Counting took too long: there may be more</List.Item>}
    </List>
  </Alert>
);
