// Replays, newest first.
import { Stack, Text } from '@mantine/core';
import { Link } from 'react-router';
import { replayedAttempts } from '../../api/concerns.js';
import { type ReplaySummary, replaysQuery } from '../../api/event-queries.js';
import { useLiveRefresh } from '../../api/live.js';
import { CursorList } from '../../shared/cursor-list.js';
import { Needs } from '../../shared/needs.js';
import { count } from '../../shared/numbers.js';
import { PageHeader } from '../../shared/page-header.js';
import { Empty } from '../../shared/states.js';
import { StatusBadge } from '../../shared/status-badge.js';
import { Time, TimeOr } from '../../shared/time.js';
import { filterWords } from '../deliveries/replay-filter.js';

export const ReplaysPage = () => {
  useLiveRefresh(['replays', 'list'], replayedAttempts);
  return (
    <>
      <PageHeader title="Replays" />
      <Needs permission="replay" what="see all replays">
        <Stack>
          <CursorList<ReplaySummary>
            query={replaysQuery()}
            label="Replays"
            columns={['Started', 'Status', 'What it covers', 'Sent again', 'Of', 'Ended']}
            keyOf={({ id }) => id}
            row={cellsOf}
            empty={<Empty title="No replays yet">“Retry all that match” on the page of deliveries starts one.</Empty>}
          />
        </Stack>
      </Needs>
    </>
  );
};

const cellsOf = (replay: ReplaySummary) => [
  <Link key="started" to={`/replays/${replay.id}`} className="row-link">
    <Time at={replay.created_at} />
  </Link>,
  <StatusBadge key="status" status={replay.status} />,
  <Text key="filter" size="sm" className="break-anywhere">
    {replay.recovers_webhook_id === null ? '' : 'Recovery · '}
    {filterWords(replay.filter)}
  </Text>,
  count(replay.opened),
  replay.total === null ? '?' : count(replay.total),
  <TimeOr key="ended" at={replay.ended_at} />,
];
