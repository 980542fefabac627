/** A refusal by the server, or no answer at all. */

export interface FieldError {
  field: string;
  code: string;
}

/** A second factor is wanted: what to show for the next step, and with which kinds it may be done. */
export interface Challenge {
  token: string;
  factors: readonly string[];
}

/** No answer: the network, a timeout, or something between us and the server that is not the server. */
export const UNREACHABLE = 'unreachable';

export class ApiError extends Error {
  constructor(
    /** The only thing to branch on (auth contract 8), or `unreachable`. */
    readonly code: string,
    /** HTTP status; 0 without an answer. */
    readonly status: number,
    /** Seconds, with 429 and 503. */
    readonly retryAfter?: number,
    readonly fields: readonly FieldError[] = [],
    options?: ErrorOptions,
    /** With `mfa_required`. */
    readonly challenge?: Challenge,
    /** Refines some codes. */
    readonly reason?: string,
  ) {
    super(code, options);
    this.name = 'ApiError';
  }

  /** Whether the same request may succeed a little later. */
  get temporary(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** From an answer that is no success: problem+json, or whatever a proxy made of it. */
export function toApiError(response: Response, body: unknown): ApiError {
  const problem: Record<string, unknown> = typeof body === 'object' && body !== null ? { ...body } : {};
  const code = typeof problem.code === 'string' ? problem.code : response.status >= 500 ? 'unavailable' : 'internal';
  const wait = seconds(problem.retryAfter, response);
  return new ApiError(code, response.status, wait, fields(problem.errors), {}, challenge(problem), reason(problem));
}

function challenge({ mfa_token, factors }: Record<string, unknown>): Challenge | undefined {
  if (typeof mfa_token !== 'string' || !Array.isArray(factors)) return undefined;
  return { token: mfa_token, factors: factors.filter((factor) => typeof factor === 'string') };
}

function reason({ reason }: Record<string, unknown>): string | undefined {
  return typeof reason === 'string' ? reason : undefined;
}

function seconds(value: unknown, response: Response): number | undefined {
  const wanted = typeof value === 'number' ? value : Number.parseFloat(response.headers.get('Retry-After') ?? '');
  return Number.isFinite(wanted) && wanted >= 0 ? wanted : undefined;
}

function fields(value: unknown): FieldError[] {
  if (!Array.isArray(value)) return [];
  return value.filter((e): e is FieldError => typeof e?.field === 'string' && typeof e?.code === 'string');
}
