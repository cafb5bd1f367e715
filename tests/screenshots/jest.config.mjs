// `npm run screenshots`: takes the pictures in docs/screenshots with what the browser tests have.
import base from '../../jest.config.mjs';

export default { ...base, rootDir: '../..', roots: ['<rootDir>/tests/screenshots'], testMatch: ['**/take.ts', '**/take-mails.ts'] };
