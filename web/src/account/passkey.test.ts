import { afterEach, expect, test, vi } from 'vitest';
import type { CreationOptions, RequestOptions } from './api';
import { createPasskey, fromBytes, provePasskey, toBytes } from './passkey';

afterEach(() => vi.unstubAllGlobals());

const bytes = (...values: number[]) => Uint8Array.from(values).buffer;

function withCredentials(methods: object): void {
  vi.stubGlobal('navigator', { credentials: methods });
}

test('base64url goes there and back, whatever the bytes', () => {
  const all = Uint8Array.from({ length: 256 }, (_, n) => n).buffer;
  expect([...toBytes(fromBytes(all))]).toEqual([...new Uint8Array(all)]);
  expect(fromBytes(bytes(251, 255))).toBe('-_8');
});

test('a new passkey is asked for in bytes and told in base64url', async () => {
  const create = vi.fn(async (_: CredentialCreationOptions) => ({
    id: 'AQI',
    rawId: bytes(1, 2),
    type: 'public-key',
    response: { clientDataJSON: bytes(3), attestationObject: bytes(4), getTransports: () => ['internal'] },
  }));
  withCredentials({ create });
  const options = {
    challenge: '-_8',
    user: { id: 'AQ', name: 'maska', displayName: 'Maska' },
    excludeCredentials: [{ id: 'Ag', type: 'public-key' }],
    timeout: 1000,
  } as unknown as CreationOptions;
  expect(await createPasskey(options)).toEqual({
    id: 'AQI',
    rawId: 'AQI',
    type: 'public-key',
    response: { clientDataJSON: 'Aw', attestationObject: 'BA', transports: ['internal'] },
  });
  const asked = create.mock.calls[0]?.[0].publicKey;
  expect([...new Uint8Array(asked?.challenge as ArrayBuffer)]).toEqual([251, 255]);
  expect(asked?.timeout).toBe(1000);
});

test('a proof carries the handle of the person where the device has one', async () => {
  const response = { clientDataJSON: bytes(3), authenticatorData: bytes(4), signature: bytes(5), userHandle: bytes(6) };
  withCredentials({ get: async () => ({ id: 'AQ', rawId: bytes(1), type: 'public-key', response }) });
  const options = { challenge: 'AQ', allowCredentials: [], timeout: 1000 } as unknown as RequestOptions;
  expect((await provePasskey(options)).response).toEqual({
    clientDataJSON: 'Aw',
    authenticatorData: 'BA',
    signature: 'BQ',
    userHandle: 'Bg',
  });
});

test('who cancels is told so', async () => {
  withCredentials({ get: () => Promise.reject(new DOMException('', 'NotAllowedError')) });
  const options = { challenge: 'AQ', allowCredentials: [] } as unknown as RequestOptions;
  await expect(provePasskey(options)).rejects.toMatchObject({ code: 'not_confirmed' });
});
