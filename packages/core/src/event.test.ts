import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { eventLimits, type ParsedEvent, parseBatch, parseEvent } from './event.js';
import type { ProblemError } from './problems.js';

function parsed(raw: string): ParsedEvent {
  const result = parseEvent(raw, eventLimits);
  if (!result.ok) throw result.error;
  return result.event;
}

function refusal(result: { readonly ok: true } | { readonly ok: false; readonly error: ProblemError }): ProblemError {
  if (result.ok) throw new Error('it was not refused');
  return result.error;
}

function refusedFields(fields: Record<string, unknown>): string[] {
  return refusal(parseEvent(JSON.stringify(fields), eventLimits)).errors.map(({ pointer, code }) => `${pointer} ${code}`);
}

const good = { event_type: 'order.placed', data: {} };

describe('parseEvent', () => {
  it('reads every field', () => {
    const raw = `{ "id":"o-1", "event_type":"order.placed", "tenant":"acme", "event_time":"2025-01-31T12:00:00.5+01:00",
      "project_flow":["a","b"], "current_context": {"survey" : 1.0}, "resources":{"customer":{"id":12345678901234567890}}, "data": [1.0, 1e3] }`;
    expect(parsed(raw)).toEqual({
      eventType: 'order.placed',
      tenant: 'acme',
      sourceId: 'o-1',
      eventTimeMs: Date.parse('2025-01-31T11:00:00.500Z'),
      projectFlows: ['a', 'b'],
      data: '[1.0, 1e3]',
      currentContext: '{"survey" : 1.0}',
      resources: '{"customer":{"id":12345678901234567890}}',
    });
  });

  it('takes an absent or null optional field as none, and one flow as a list of one', () => {
    const none = { tenant: null, sourceId: null, eventTimeMs: null, projectFlows: [], currentContext: null, resources: null };
    expect(parsed('{"event_type":"a","data":null}')).toEqual({ eventType: 'a', data: 'null', ...none });
    const nulls = '"tenant":null,"id":null,"event_time":null,"project_flow":null,"current_context":null,"resources":null';
    expect(parsed(`{"event_type":"a","data":null,${nulls}}`)).toEqual({ eventType: 'a', data: 'null', ...none });
    expect(parsed('{"event_type":"a","data":1,"project_flow":"x"}').projectFlows).toEqual(['x']);
  });

  it('keeps the bytes of data: order, duplicates, numbers, escapes, dangerous names', () => {
    const data = '{"b":1,"a":2,"10":"x","big":12345678901234567890,"f":1.0,"a":3,"u":"\\u0000\\ud800","__proto__":{"constructor":1}}';
    expect(parsed(`{"data": ${data} ,"event_type":"a"}`).data).toBe(data);
  });

  it('keeps any JSON value of data', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 1, 2), (value, indent) => {
        const data = JSON.stringify(value, null, indent);
        expect(parsed(`{"event_type":"a","data":\n${data}\t}`).data).toBe(data);
      }),
    );
  });

  it.each([
    ['', 'not_json', 400],
    ['{', 'not_json', 400],
    ['{"event_type":"a","data":[}}', 'not_json', 400],
    ['{"event_type":"a","data":tru}', 'not_json', 400],
    ['{"event_type":"a","data":"\u0000"}', 'not_json', 400],
    ['{"event_type":"a","data":1} x', 'not_json', 400],
    ['[]', 'invalid_request', 400],
    ['"x"', 'invalid_request', 400],
    [`{"event_type":"a","data":${'['.repeat(64)}${']'.repeat(64)}}`, 'nesting_too_deep', 422],
    ['['.repeat(100_000), 'nesting_too_deep', 422],
    ['{}', 'missing_field', 422],
  ])('refuses %.60p as %s', (raw, code, status) => {
    expect(refusal(parseEvent(raw, eventLimits))).toMatchObject({ code, status });
  });

  it('takes 64 levels of nesting', () => {
    const data = '['.repeat(63) + ']'.repeat(63);
    expect(parsed(`{"event_type":"a","data":${data}}`).data).toBe(data);
  });

  it.each([
    [{ ...good, event_type: undefined }, ['/event_type missing_field']],
    [{ ...good, data: undefined }, ['/data missing_field']],
    [{ ...good, event_type: 7 }, ['/event_type invalid_field']],
    [{ ...good, event_type: 'a b' }, ['/event_type invalid_field']],
    [{ ...good, event_type: 'posthorn.circuit_opened' }, ['/event_type reserved_event_type']],
    [{ ...good, tenant: '' }, ['/tenant invalid_field']],
    [{ ...good, tenant: 'a/b' }, ['/tenant invalid_field']],
    [{ ...good, id: 'x'.repeat(129) }, ['/id invalid_field']],
    [{ ...good, id: 1 }, ['/id invalid_field']],
    [{ ...good, event_time: 'yesterday' }, ['/event_time invalid_field']],
    [{ ...good, event_time: 1738324800 }, ['/event_time invalid_field']],
    [{ ...good, project_flow: '' }, ['/project_flow invalid_field']],
    [{ ...good, project_flow: [1] }, ['/project_flow invalid_field']],
    [{ ...good, project_flow: ['a\u0000'] }, ['/project_flow invalid_field']],
    [{ ...good, project_flow: ['\ud800'] }, ['/project_flow invalid_field']],
    [{ ...good, project_flow: ['x'.repeat(129)] }, ['/project_flow invalid_field']],
    [{ ...good, project_flow: new Array(65).fill('x') }, ['/project_flow invalid_field']],
    [{ ...good, resources: [] }, ['/resources invalid_field']],
    [{ ...good, 'a/b~': 1 }, ['/a~1b~0 unknown_field']],
    [{ x: 1, event_type: 'a', tenant: 2 }, ['/x unknown_field', '/data missing_field', '/tenant invalid_field']],
  ])('refuses the fields %j', (fields, expected) => {
    expect(refusedFields(fields)).toEqual(expected);
  });

  it('refuses its own fields given twice, also in disguise', () => {
    expect(refusal(parseEvent('{"event_type":"a","data":1,"dat\\u0061":2}', eventLimits)).errors).toEqual([
      { pointer: '/data', code: 'invalid_field', message: 'data is given twice' },
    ]);
  });

  it('answers a flood of unknown fields with a short list', () => {
    const fields = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`${'x'.repeat(500)}${index}`, 1]));
    const { errors } = refusal(parseEvent(JSON.stringify(fields), { depthMax: 64, bytesMax: 10_000_000 }));
    expect(errors).toHaveLength(20);
    expect(errors[0]!.pointer).toHaveLength(129);
  });

  it('limits the bytes of UTF-8, not the characters', () => {
    const raw = '{"event_type":"a","data":"€é"}';
    const bytes = Buffer.byteLength(raw);
    expect(parseEvent(raw, { depthMax: 64, bytesMax: bytes }).ok).toBe(true);
    expect(refusal(parseEvent(raw, { depthMax: 64, bytesMax: bytes - 1 }))).toMatchObject({ code: 'event_too_large', status: 413 });
  });
});

describe('parseBatch', () => {
  it('judges every event by itself and keeps its bytes', () => {
    const events = ['{"event_type":"a","data":1.0}', '{"event_type":"a"}', '7', '{ "data" : 2, "event_type":"b" }'];
    const result = parseBatch(`{"events" : [ ${events.join(' ,\n')} ]}`, eventLimits);
    if (!result.ok) throw result.error;
    expect(result.items.map(({ raw }) => raw)).toEqual(events);
    expect(result.items.map((item) => (item.ok ? item.event.data : item.error.code))).toEqual([
      '1.0',
      'missing_field',
      'invalid_request',
      '2',
    ]);
  });

  it('refuses a large or a deep event and takes its neighbours', () => {
    const events = [`{"event_type":"a","data":${'['.repeat(64)}${']'.repeat(64)}}`, `{"event_type":"a","data":"${'x'.repeat(262_144)}"}`];
    const result = parseBatch(`{"events":[${events.join()},{"event_type":"a","data":1}]}`, eventLimits);
    if (!result.ok) throw result.error;
    expect(result.items.map((item) => (item.ok ? 'ok' : item.error.code))).toEqual(['nesting_too_deep', 'event_too_large', 'ok']);
  });

  it.each([
    ['', 'not_json'],
    ['{"events":[{"event_type":"a","data":tru}]}', 'not_json'],
    ['{"events":[{"event_type":"a","data":1},]}', 'not_json'],
    ['{"events":[{"a":[}]}', 'not_json'],
    [`{"events":[${'['.repeat(2_000_000)}`, 'nesting_too_deep'],
    ['[]', 'invalid_request'],
    ['{}', 'missing_field'],
    ['{"events":{}}', 'invalid_field'],
    ['{"events":[1],"events":[1]}', 'invalid_field'],
    ['{"events":[1],"more":1}', 'unknown_field'],
    ['{"events":[]}', 'batch_size'],
    [`{${Array.from({ length: 1_001 }, (_, index) => `"f${index}":1`).join()}}`, 'unknown_field'],
    [`{"events":[${new Array(1001).fill('1').join()}]}`, 'batch_size'],
  ])('refuses %.60p as %s', (raw, code) => {
    expect(refusal(parseBatch(raw, eventLimits)).code).toBe(code);
  });

  it('takes a thousand events', () => {
    const result = parseBatch(`{"events":[${new Array(1000).fill('{"event_type":"a","data":1}').join()}]}`, eventLimits);
    expect(result.ok && result.items.every((item) => item.ok)).toBe(true);
  });
});
