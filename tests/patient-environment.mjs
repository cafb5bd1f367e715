// The limits that tests give jest are those of a quiet machine. They are there to end what hangs, so a slow machine gets several times as long.
import { patience } from '@posthorn/testkit';
import { TestEnvironment } from 'jest-environment-node';

export default class PatientEnvironment extends TestEnvironment {
  /** A hook starts once for each test. */
  #lengthened = new WeakSet();

  handleTestEvent(event, state) {
    const timed = event.name === 'test_start' ? event.test : event.name === 'hook_start' ? event.hook : undefined;
    if (timed === undefined || this.#lengthened.has(timed)) return;
    timed.timeout = patience * (timed.timeout ?? state.testTimeout);
    this.#lengthened.add(timed);
  }
}
