/**
 * Passkeys: between the JSON that the server speaks (WebAuthn level 3, section 5.1) and what
 * navigator.credentials takes and gives. Browsers that do it themselves are too new to rely on.
 */
import { ApiError } from '../api/error';
import type { CreationOptions, NewPasskey, PasskeyProof, RequestOptions } from './api';

/** Whether this browser has passkeys; most of Telegram's web views have none, and none in a frame of another site. */
export function hasPasskeys(): boolean {
  return typeof PublicKeyCredential === 'function' && 'credentials' in navigator && window.parent === window;
}

/** The person cancelled, the device refused, or it took too long: browsers tell no difference. */
const notConfirmed = (cause?: unknown) => new ApiError('not_confirmed', 0, undefined, [], { cause });

/** Makes a passkey on this device. */
export async function createPasskey(options: CreationOptions): Promise<NewPasskey> {
  const { challenge, user, excludeCredentials, ...rest } = options;
  const publicKey = {
    ...rest,
    challenge: toBytes(challenge),
    user: { ...user, id: toBytes(user.id) },
    excludeCredentials: excludeCredentials.map(descriptor),
  } as unknown as PublicKeyCredentialCreationOptions;
  const made = await confirmed(navigator.credentials.create({ publicKey }));
  const response = made.response as AuthenticatorAttestationResponse;
  return {
    ...named(made),
    response: {
      clientDataJSON: fromBytes(response.clientDataJSON),
      attestationObject: fromBytes(response.attestationObject),
      transports: response.getTransports?.() ?? [],
    },
  };
}

/** Proves that this device holds a passkey of the account. */
export async function provePasskey(options: RequestOptions): Promise<PasskeyProof> {
  const { challenge, allowCredentials, ...rest } = options;
  const publicKey = {
    ...rest,
    challenge: toBytes(challenge),
    allowCredentials: allowCredentials.map(descriptor),
  } as unknown as PublicKeyCredentialRequestOptions;
  const proof = await confirmed(navigator.credentials.get({ publicKey }));
  const response = proof.response as AuthenticatorAssertionResponse;
  return {
    ...named(proof),
    response: {
      clientDataJSON: fromBytes(response.clientDataJSON),
      authenticatorData: fromBytes(response.authenticatorData),
      signature: fromBytes(response.signature),
      ...(response.userHandle ? { userHandle: fromBytes(response.userHandle) } : {}),
    },
  };
}

async function confirmed(asked: Promise<Credential | null>): Promise<PublicKeyCredential> {
  const credential = await asked.catch((cause: unknown) => {
    throw notConfirmed(cause);
  });
  if (!credential) throw notConfirmed();
  return credential as PublicKeyCredential;
}

function named({ id, rawId, type }: PublicKeyCredential) {
  return { id, rawId: fromBytes(rawId), type };
}

const descriptor = ({ id, ...rest }: CreationOptions['excludeCredentials'][number]) => ({ ...rest, id: toBytes(id) });

/** base64url without padding (RFC 4648, section 5). */
export function toBytes(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
  return Uint8Array.from(binary, (c) => c.charCodeAt(0));
}

export function fromBytes(bytes: ArrayBuffer): string {
  let binary = '';
  for (const byte of new Uint8Array(bytes)) binary += String.fromCharCode(byte);
  return btoa(binary).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}
