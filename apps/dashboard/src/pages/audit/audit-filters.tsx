// What the audit log can be asked for.
import { Button } from '@mantine/core';
import { useSearchParams } from 'react-router';
import type { Filters } from '../../api/queries.js';
import { searchMark } from '../../frame/shortcuts.js';
import { FilterBar } from '../../shared/filter-bar.js';
import { FilterSelect, FilterSuggested, FilterText, FilterTime } from '../../shared/filter-fields.js';

export const auditFilterNames = ['action', 'subject_kind', 'subject_id', 'actor_key_id', 'tenant', 'at[gte]', 'at[lt]'] as const;

/** Suggestions: any other action can be typed. */
const actions = [
  'webhook.created',
  'webhook.changed',
  'webhook.deleted',
  'webhook.enabled',
  'webhook.disabled',
  'webhook.paused',
  'webhook.resumed',
  'webhook.circuit_reset',
  'webhook.secret_read',
  'webhook.secret_rotated',
  'webhook.tested',
  'webhook.restored',
  'webhook.recovered',
  'delivery.retried',
  'delivery.cancelled',
  'replay.created',
  'replay.cancelled',
  'event.erased',
  'event_type.created',
  'event_type.changed',
  'event_type.deleted',
  'tenant.created',
  'tenant.changed',
  'tenant.erased',
  'api_key.created',
  'api_key.revoked',
  'environment.created',
  'environment.changed',
];
const kinds = ['webhook', 'delivery', 'replay', 'event', 'event_type', 'tenant', 'api_key', 'environment'];

type Change = (name: string, value: string | null) => void;
type Props = { readonly filters: Filters; readonly change: Change };

export const AuditFilters = ({ filters, change }: Props) => {
  const [, setParams] = useSearchParams();
  const field = { filters, onChange: change };
  const clear = () => setParams({}, { replace: true });
  return (
    <FilterBar filters={filters} search={<FilterSuggested label="Action" name="action" words={actions} marks={searchMark} {...field} />}>
      <FilterSelect label="Subject kind" name="subject_kind" words={kinds} {...field} />
      <FilterText label="Subject id" name="subject_id" {...field} />
      <FilterText label="Key id" name="actor_key_id" {...field} />
      <FilterText label="Tenant" name="tenant" width={140} {...field} />
      <FilterTime label="From" name="at[gte]" {...field} />
      <FilterTime label="Before" name="at[lt]" {...field} />
      {Object.keys(filters).length > 0 && (
        <Button variant="default" onClick={clear}>
          Clear filters
        </Button>
      )}
    </FilterBar>
  );
};
