// What the process says about itself.
import { Type } from 'typebox';
import { objectOf, oneOf } from './fields.js';

export const healthSchema = Type.Object({ status: oneOf(['ok']) }, { $id: 'Health', description: 'The process lives.' });

export const readinessSchema = Type.Object(
  {
    status: oneOf(['ready', 'not ready']),
    problems: objectOf(Type.String(), { description: 'What keeps it from working, by the part that is missing.' }),
    degraded: objectOf(Type.String(), { description: 'What is missing while it works all the same.' }),
  },
  { $id: 'Readiness', description: 'Whether requests are answered, and what is missing.' },
);
