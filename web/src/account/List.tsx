/** Rows of the lists that settings are made of. */
import type { ReactNode } from 'react';
import { Icon, type IconName } from '../ui/Icon';

export interface RowProps {
  icon?: IconName;
  /** Ground of the icon's tile, or a look without one. */
  tile?: string;
  title: ReactNode;
  note?: ReactNode;
  value?: ReactNode;
  /** Something to press at the end of the row. */
  action?: ReactNode;
}

/** A row that only tells. */
export function Row({ icon, tile, title, note, value, action }: RowProps) {
  return (
    <div className={icon ? 'li' : 'li flush'}>
      <Content icon={icon} tile={tile} title={title} note={note} />
      {value !== undefined && <span className="li-v">{value}</span>}
      {action}
    </div>
  );
}

/** A row that leads somewhere. */
export function Link({
  icon,
  tile,
  title,
  note,
  value,
  bad = false,
  onOpen,
}: RowProps & { bad?: boolean; onOpen: () => void }) {
  return (
    <button
      type="button"
      className={['li press', !icon && 'flush', bad && 'bad'].filter(Boolean).join(' ')}
      onClick={onOpen}
    >
      <Content icon={icon} tile={tile} title={title} note={note} />
      {value !== undefined && <span className="li-v">{value}</span>}
      {!bad && <Icon name="right" size={20} />}
    </button>
  );
}

const LOOKS = ['clear', 'never', 'gone'];

function Content({
  icon,
  tile = '',
  title,
  note,
}: {
  icon?: IconName | undefined;
  tile?: string | undefined;
  title: ReactNode;
  note?: ReactNode;
}) {
  const look = LOOKS.includes(tile);
  return (
    <>
      {icon && (
        <span className={look ? `tile ${tile}` : 'tile'} style={look ? undefined : { background: tile }}>
          <Icon name={icon} />
        </span>
      )}
      <span className="li-t">
        <b>{title}</b>
        {note && (typeof note === 'string' ? <small>{note}</small> : note)}
      </span>
    </>
  );
}

export function Do({
  children,
  label,
  bad = false,
  disabled = false,
  onDo,
}: {
  children: string;
  /** Read out where the word alone does not say what it is about. */
  label?: string;
  bad?: boolean;
  disabled?: boolean;
  onDo: () => void;
}) {
  return (
    <button type="button" className={bad ? 'li-do bad' : 'li-do'} aria-label={label} disabled={disabled} onClick={onDo}>
      {children}
    </button>
  );
}
