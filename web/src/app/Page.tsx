import type { ReactNode } from 'react';
import { useLocale } from '../i18n';
import { Icon } from '../ui/Icon';
import './page.css';

/** A whole page with one thing to say and at most one thing to do. */
export function Page({
  title,
  text,
  note,
  children,
}: {
  title: string;
  text: string;
  note?: string;
  children?: ReactNode;
}) {
  return (
    <div className="page">
      <main>
        <div className="curtain">
          <span className="emblem">
            <Icon name="mask" />
          </span>
        </div>
        <div className="say">
          <h1>{title}</h1>
          <p>{text}</p>
        </div>
        {children && <div className="stack">{children}</div>}
        {note && (
          <div className="note">
            <Icon name="alert" />
            <span>{note}</span>
          </div>
        )}
      </main>
      <Foot />
    </div>
  );
}

/** The bot's name, which the server writes into the page when it knows it. */
export function botName(): string {
  const name = document.querySelector<HTMLMetaElement>('meta[name="maska-bot"]')?.content ?? '';
  return /^\w{4,32}$/.test(name) ? name : '';
}

/** What stands below a page: a sentence of its own, and where the bot is. */
export function Foot({ children }: { children?: ReactNode }) {
  const { t } = useLocale();
  const bot = botName();
  if (!bot && !children) return null;
  return (
    <footer className="foot">
      {children}
      {bot && (
        <p>
          {t('open.foot')} <a href={`https://t.me/${bot}`}>t.me/{bot}</a>
        </p>
      )}
    </footer>
  );
}
