import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Authentication, authenticationHeader, hideAuthentication, keepHidden, readAuthentication } from './authentication.js';

function read(value: unknown): Authentication {
  const result = readAuthentication(value);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.authentication;
}

function refusals(value: unknown): string[] {
  const result = readAuthentication(value);
  return result.ok ? [] : result.errors.map(({ pointer, code }) => `${pointer} ${code}`);
}

const basic = (username: string, password: string): Authentication => ({ type: 'basic', username, password });
const visible = fc.string({ unit: fc.constantFrom(...'aZ9!~+/=_-.,;<>"\\'), minLength: 1, maxLength: 20 });
const written: fc.Arbitrary<Authentication> = fc.oneof(
  fc.constant({ type: 'none' } as const),
  fc.record({ type: fc.constant('api_key' as const), header: fc.constantFrom('x-api-key', 'x-token'), value: visible }),
  fc.record({ type: fc.constant('bearer' as const), token: visible }),
  fc.record({ type: fc.constant('basic' as const), username: visible, password: fc.oneof(visible, fc.constant('p:w d')) }),
);

describe('readAuthentication', () => {
  it('reads each type as it was written', () => {
    fc.assert(fc.property(written, (authentication) => expect(read({ ...authentication })).toEqual(authentication)));
  });

  it('names the header of an API key x-api-key unless told, and in lower case', () => {
    const key = { type: 'api_key', value: 'k' };
    expect(read(key)).toEqual({ ...key, header: 'x-api-key' });
    expect(read({ ...key, header: null })).toEqual({ ...key, header: 'x-api-key' });
    expect(read({ ...key, header: 'X-Custom-Key' })).toEqual({ ...key, header: 'x-custom-key' });
    expect(read({ type: 'api_key', header: 'Authorization', value: 'Token abc' })).toMatchObject({ header: 'authorization' });
  });

  it('takes one empty half of basic, and 4096 characters', () => {
    expect(read(basic('', 'token'))).toEqual(basic('', 'token'));
    expect(read(basic('key', ''))).toEqual(basic('key', ''));
    expect(read({ type: 'bearer', token: 'x'.repeat(4096) })).toMatchObject({ type: 'bearer' });
  });

  it.each<[unknown, string[]]>([
    [null, ['/authentication invalid_field']],
    [undefined, ['/authentication invalid_field']],
    ['none', ['/authentication invalid_field']],
    [[], ['/authentication invalid_field']],
    [{}, ['/authentication/type missing_field']],
    [{ type: 'digest' }, ['/authentication/type invalid_field']],
    [{ type: 'constructor' }, ['/authentication/type invalid_field']],
    [{ type: ['none'] }, ['/authentication/type invalid_field']],
    [{ type: 'none', token: 'x' }, ['/authentication/token unknown_field']],
    [{ type: 'api_key' }, ['/authentication/value missing_field']],
    [{ type: 'api_key', value: '' }, ['/authentication/value invalid_field']],
    [{ type: 'api_key', value: 'x ' }, ['/authentication/value invalid_field']],
    [{ type: 'api_key', value: 'x\r\ny' }, ['/authentication/value invalid_field']],
    [{ type: 'api_key', value: 'é' }, ['/authentication/value invalid_field']],
    [{ type: 'api_key', value: 7 }, ['/authentication/value invalid_field']],
    [{ type: 'api_key', value: 'x'.repeat(4097) }, ['/authentication/value invalid_field']],
    [{ type: 'api_key', header: 'Webhook-Signature', value: 'x' }, ['/authentication/header invalid_field']],
    [{ type: 'api_key', header: 'host', value: 'x' }, ['/authentication/header invalid_field']],
    [{ type: 'api_key', header: 'a b', value: 'x' }, ['/authentication/header invalid_field']],
    [{ type: 'api_key', header: 7, value: 'x' }, ['/authentication/header invalid_field']],
    [{ type: 'api_key', header: { toString: 1, valueOf: 1 }, value: 'x' }, ['/authentication/header invalid_field']],
    [
      { type: 'api_key', header: '', value: '', more: 1 },
      ['/authentication/more unknown_field', '/authentication/header invalid_field', '/authentication/value invalid_field'],
    ],
    [{ type: 'bearer' }, ['/authentication/token missing_field']],
    [{ type: 'bearer', token: 'a b' }, ['/authentication/token invalid_field']],
    [{ type: 'bearer', token: '' }, ['/authentication/token invalid_field']],
    [{ type: 'bearer', token: 'x\n' }, ['/authentication/token invalid_field']],
    [{ type: 'basic' }, ['/authentication/username missing_field', '/authentication/password missing_field']],
    [basic('a:b', 'x'), ['/authentication/username invalid_field']],
    [basic('a', 'é'), ['/authentication/password invalid_field']],
    [basic('a', 'x\u0000'), ['/authentication/password invalid_field']],
    [basic('', ''), ['/authentication/username invalid_field']],
  ])('refuses %j', (value, expected) => {
    expect(refusals(value)).toEqual(expected);
  });

  it('repeats no secret in a message', () => {
    const result = readAuthentication({ type: 'bearer', token: 's3cret with space' });
    expect(JSON.stringify(result)).not.toContain('s3cret');
    expect(result).toEqual({
      ok: false,
      errors: [
        {
          pointer: '/authentication/token',
          code: 'invalid_field',
          message: 'authentication.token must be at most 4096 characters of visible ASCII without spaces, and not empty',
        },
      ],
    });
  });
});

describe('authenticationHeader', () => {
  it('is what the endpoint expects', () => {
    expect(authenticationHeader({ type: 'none' })).toBeNull();
    expect(authenticationHeader({ type: 'api_key', header: 'x-api-key', value: 'k' })).toEqual(['x-api-key', 'k']);
    // RFC 6750 section 2.1 and RFC 7617 section 2.
    expect(authenticationHeader({ type: 'bearer', token: 'mF_9.B5f-4.1JqM' })).toEqual(['authorization', 'Bearer mF_9.B5f-4.1JqM']);
    expect(authenticationHeader(basic('Aladdin', 'open sesame'))).toEqual(['authorization', 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==']);
  });
});

describe('hideAuthentication and keepHidden', () => {
  it('shows no secret', () => {
    expect(hideAuthentication({ type: 'none' })).toEqual({ type: 'none' });
    expect(hideAuthentication({ type: 'api_key', header: 'x-k', value: 'v' })).toEqual({
      type: 'api_key',
      header: 'x-k',
      value: '<hidden>',
    });
    expect(hideAuthentication({ type: 'bearer', token: 't' })).toEqual({ type: 'bearer', token: '<hidden>' });
    expect(hideAuthentication(basic('u', 'p'))).toEqual(basic('<hidden>', '<hidden>'));
  });

  it('keep what was shown when it is written back', () => {
    fc.assert(
      fc.property(written, (current) => {
        expect(keepHidden(read({ ...hideAuthentication(current) }), current)).toEqual({ ok: true, authentication: current });
      }),
    );
  });

  it('replace what is not hidden', () => {
    const renamed = keepHidden({ type: 'api_key', header: 'x-b', value: '<hidden>' }, { type: 'api_key', header: 'x-a', value: 'v' });
    expect(renamed).toEqual({ ok: true, authentication: { type: 'api_key', header: 'x-b', value: 'v' } });
    expect(keepHidden(basic('<hidden>', 'new'), basic('u', 'p'))).toEqual({ ok: true, authentication: basic('u', 'new') });
    expect(keepHidden(basic('new', '<hidden>'), basic('u', 'p'))).toEqual({ ok: true, authentication: basic('new', 'p') });
    expect(keepHidden({ type: 'none' }, basic('u', 'p'))).toEqual({ ok: true, authentication: { type: 'none' } });
  });

  it('refuse to keep what is not there', () => {
    const error = (field: string) => ({
      pointer: `/authentication/${field}`,
      code: 'invalid_field',
      message: `authentication.${field} is <hidden>, but there is no value to keep`,
    });
    expect(keepHidden({ type: 'bearer', token: '<hidden>' }, { type: 'none' })).toEqual({ ok: false, errors: [error('token')] });
    expect(keepHidden({ type: 'bearer', token: '<hidden>' }, basic('u', 'p'))).toEqual({ ok: false, errors: [error('token')] });
    expect(keepHidden({ type: 'api_key', header: 'x', value: '<hidden>' }, { type: 'bearer', token: 't' })).toEqual({
      ok: false,
      errors: [error('value')],
    });
    expect(keepHidden(basic('<hidden>', '<hidden>'), { type: 'none' })).toEqual({
      ok: false,
      errors: [error('username'), error('password')],
    });
  });
});
