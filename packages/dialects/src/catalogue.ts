// The event types that the documents of two dialects name, as entries for an environment's catalogue.

export type CatalogueEntry = { readonly name: string; readonly description: string };

const flatNames = [
  'sync_job_run:created',
  'sync_job_run:updated',
  'sync_job_run:started',
  'sync_job_run:completed',
  'sync_job_run:failed',
  'sync_job_run:record',
  'integrated_account:created',
  'integrated_account:updated',
  'integrated_account:active',
  'integrated_account:reactivated',
  'integrated_account:authentication_error',
  'integrated_account:post_install_error',
  'integrated_account:validation_error',
  'integrated_account:post_connect_form_submitted',
  'record:created',
  'record:updated',
  'record:deleted',
  'sync_job_cron_trigger:failed',
  'batch_job:dry_run_completed',
  'batch_job:completed',
  'batch_job:dry_run_failed',
  'batch_job:failed',
] as const;

/** Kinds whose trigger stands for three things that can happen to one. */
const compoundKinds = ['user', 'task', 'survey', 'property', 'note'] as const;
const actions = ['create', 'edit', 'delete'] as const;

/** The exact types that each compound trigger stands for. */
export const compoundTriggers: ReadonlyMap<string, readonly string[]> = new Map(
  compoundKinds.map((kind) => [`create-edit-delete-${kind}`, actions.map((action) => `${action}-${kind}`)]),
);

const words = (name: string): string => name.replace(/[_-]/g, ' ');

/** The event types of a dialect's document. */
export const eventTypeCatalogue = (dialect: '003' | '004'): readonly CatalogueEntry[] => {
  if (dialect === '004')
    return flatNames.map((name) => {
      const [subject = '', what = ''] = name.split(':');
      return { name, description: `${words(subject)}: ${words(what)}` };
    });
  return [
    ...[...compoundTriggers].map(([name, stands]) => ({ name, description: `Trigger for ${stands.join(', ')}.` })),
    { name: 'logout-user', description: 'A user has logged out.' },
  ];
};
