// Who did what, newest first. It is read when one asks for it, so that no row moves.
import { Anchor, Button, Code, Stack, Text } from '@mantine/core';
import { useIsFetching, useQueryClient } from '@tanstack/react-query';
import { Link } from 'react-router';
import { type AuditEntry, auditListQuery } from '../../api/admin-queries.js';
import { CursorList } from '../../shared/cursor-list.js';
import { PageHeader } from '../../shared/page-header.js';
import { Empty } from '../../shared/states.js';
import { FullTime } from '../../shared/time.js';
import { useUrlFilters } from '../../shared/url-filters.js';
import { keyPath, tenantPath } from '../tenants/paths.js';
import { AuditFilters, auditFilterNames } from './audit-filters.js';
import { subjectPath } from './subject-path.js';

const shownCharsOfId = 8;

export const AuditPage = () => {
  const [filters, change] = useUrlFilters(auditFilterNames);
  return (
    <>
      <PageHeader title="Audit log" actions={<ReadAgain />} />
      <Stack>
        <AuditFilters filters={filters} change={change} />
        <CursorList<AuditEntry>
          query={auditListQuery(filters)}
          filters={filters}
          label="Audit log"
          columns={['When', 'Who', 'Action', 'Subject', 'Tenant', 'Details']}
          keyOf={({ id }) => id}
          row={(entry) => [
            <FullTime key="at" at={entry.at} />,
            <Actor key="actor" entry={entry} />,
            <Text key="action" size="sm" fw={600} className="no-wrap">
              {entry.action}
            </Text>,
            <Subject key="subject" entry={entry} />,
            entry.tenant === null ? (
              '–'
            ) : (
              <Link key="tenant" to={tenantPath(entry.tenant)} className="row-link no-wrap">
                {entry.tenant}
              </Link>
            ),
            <Details key="details" details={entry.details} />,
          ]}
          empty={<Empty title="Nothing was done yet">Every change is written down here, with the key that made it.</Empty>}
        />
      </Stack>
    </>
  );
};

const ReadAgain = () => {
  const queries = useQueryClient();
  const isFetching = useIsFetching({ queryKey: ['audit'] }) > 0;
  return (
    <Button variant="default" loading={isFetching} onClick={() => void queries.invalidateQueries({ queryKey: ['audit'] })}>
      Look for new entries
    </Button>
  );
};

const Actor = ({ entry: { actor } }: { readonly entry: AuditEntry }) => (
  <Text size="sm" className="no-wrap">
    {actor.role}
    {actor.key_id !== null && (
      <>
        {' '}
        <Anchor component={Link} to={keyPath(actor.key_id)} title={`Key ${actor.key_id}`} inherit>
          …{actor.key_id.slice(-shownCharsOfId)}
        </Anchor>
      </>
    )}
  </Text>
);

const Subject = ({ entry }: { readonly entry: AuditEntry }) => {
  const { kind, id } = entry.subject;
  const path = subjectPath(entry);
  const words = kind === 'event_type' || id === null ? id : `…${id.slice(-shownCharsOfId)}`;
  return (
    <Text size="sm" className="no-wrap">
      {kind.replaceAll('_', ' ')}{' '}
      {path === null ? (
        words
      ) : (
        <Anchor component={Link} to={path} inherit>
          {words}
        </Anchor>
      )}
    </Text>
  );
};

const Details = ({ details }: Pick<AuditEntry, 'details'>) =>
  Object.keys(details).length === 0 ? (
    <span>–</span>
  ) : (
    <Code className="break-anywhere" display="block" miw={240}>
      {JSON.stringify(details)}
    </Code>
  );
