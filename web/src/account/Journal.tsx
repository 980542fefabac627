import { useCallback, useEffect, useState } from 'react';
import { type Locale, useLocale } from '../i18n';
import { useAccount } from './AccountContext';
import { useAct } from './act';
import type { AuditEvent } from './api';
import { Failed } from './Linked';
import { Row } from './List';
import { Loading } from './Settings';
import { type AccountKey, type AccountText, useTexts } from './texts';

/** What happened to the account, newest first. */
export function Journal() {
  const t = useTexts();
  const locale = useLocale();
  const { api } = useAccount();
  const [events, setEvents] = useState<AuditEvent[]>([]);
  /** Null at the end. */
  const [next, setNext] = useState<string | null | undefined>(undefined);
  const act = useAct();
  const { run } = act;
  const load = useCallback(
    (cursor?: string) =>
      run(async () => {
        const page = await api.audit(cursor);
        setEvents((events) => (cursor ? [...events, ...page.events] : page.events));
        setNext(page.next ?? null);
      }),
    [api, run],
  );
  useEffect(() => {
    void load();
  }, [load]);

  return (
    <>
      {events.length > 0 && (
        <ul className="group" aria-label={t('journal.title')}>
          {events.map((event) => (
            <li key={event.id}>
              <Row title={sentence(t, event.event)} note={circumstances(t, locale, event)} />
            </li>
          ))}
        </ul>
      )}
      {act.refusal && <Failed act={act} onAgain={() => void load(next ?? undefined)} />}
      {act.busy && <Loading />}
      {!act.busy && !act.refusal && next && (
        <div className="stack">
          <button type="button" className="btn plain" onClick={() => void load(next)}>
            {t('journal.more')}
          </button>
        </div>
      )}
      {next === null && events.length === 0 && <p className="lead">{t('journal.empty')}</p>}
      <p className="group-f">{t('journal.note')}</p>
    </>
  );
}

function circumstances(t: AccountText, { day, time }: Locale, { at, device, country, byOther }: AuditEvent): string {
  const when = `${day(Date.parse(at), Date.now())}, ${time(Date.parse(at))}`;
  return [when, device, country, byOther && t('journal.byOther')].filter(Boolean).join(' · ');
}

/** The events of the auth contract, section 10. */
export const EVENTS = [
  'login_success',
  'login_fail',
  'login_locked',
  'user_created',
  'token_refreshed',
  'token_reuse',
  'token_revoked',
  'session_created',
  'session_evicted',
  'logout',
  'logout_all',
  'password_changed',
  'password_reset_requested',
  'password_reset',
  'email_bound',
  'email_verified',
  'email_unbound',
  'telegram_bound',
  'telegram_unbound',
  'mfa_enrolled',
  'mfa_removed',
  'mfa_failed',
  'mfa_recovery_used',
  'device_new',
  'geo_blocked',
  'geo_unusual',
  'account_disabled',
  'account_enabled',
  'account_deleted',
  'role_changed',
  'rate_limited',
] as const;

/** A newer server may know of more. */
export function sentence(t: AccountText, event: string): string {
  const known = EVENTS.find((name) => name === event);
  return t(known ? (`event.${known}` satisfies AccountKey) : 'event.other');
}
