import { useEffect, useState } from 'react';
import { Icon } from '../ui/Icon';
import { Mask } from '../ui/Mask';
import './dev.css';
import { type DevTheme, fetchPeople, type LaunchWish, type Person, requestLaunch } from './launch';

const LANGUAGES: Readonly<Record<string, string>> = { en: 'English', ru: 'Русский', zh: '中文' };
const THEMES: readonly { theme: DevTheme; word: string }[] = [
  { theme: 'light', word: 'Light' },
  { theme: 'dark', word: 'Dark' },
  { theme: 'tinted', word: 'Tinted' },
];

/** "Open as person 1, 2, 3": each tab is a person of its own. */
export function Start() {
  const { people, problem } = usePeople();
  const [failed, setFailed] = useState('');
  const [how, setHow] = useState<Omit<LaunchWish, 'person'>>({ theme: 'light', startParam: '', stale: false });

  const open = (person: number) => {
    // Opened in the click itself: a browser blocks a tab that comes after an answer.
    const tab = window.open('about:blank');
    requestLaunch({ person, ...how }).then(
      (url) => {
        setFailed('');
        if (tab) {
          tab.opener = null;
          tab.location.replace(url);
        }
      },
      (error: Error) => {
        tab?.close();
        setFailed(error.message);
      },
    );
  };

  return (
    <div className="page dev">
      <main>
        <div className="dev-head">
          <span className="emblem s54">
            <Icon name="mask" />
          </span>
          <div>
            <h1>Maska</h1>
            <p>Developer mode · this machine only</p>
          </div>
        </div>
        <p className="dev-lead">
          No bot token is set, so the server signs the launch data itself. Everything behind this door is the real path.
        </p>
        {(problem || failed) && (
          <p className="refusal" role="alert">
            {failed || problem}
          </p>
        )}
        <h2 className="group-h">Open as</h2>
        <div className="group">
          {people.map((person) => (
            <PersonRow key={person.person} person={person} onOpen={() => open(person.person)} />
          ))}
          <button type="button" className="li press" onClick={() => open(someoneNew(people))}>
            <span className="dev-new">
              <Icon name="plus" />
            </span>
            <span className="li-t">
              <b className="act">Someone new</b>
            </span>
          </button>
        </div>
        <h2 className="group-h">How it opens</h2>
        <How how={how} onChange={setHow} />
        <p className="dev-warn">
          <Icon name="warn" />
          <span>
            Set <b>TELEGRAM_BOT_TOKEN</b> and this page no longer exists.
          </span>
        </p>
      </main>
      <footer className="foot">
        API: <a href="/docs">/docs</a> · <a href="/health">/health</a>
      </footer>
    </div>
  );
}

function PersonRow({ person: { person, language, mask }, onOpen }: { person: Person; onOpen: () => void }) {
  return (
    <button type="button" className="li press" onClick={onOpen}>
      <Mask url={mask?.avatarUrl ?? null} size={44} />
      <span className="li-t">
        <b className="strong">Person {person}</b>
        <small>
          {LANGUAGES[language] ?? language} ·{' '}
          {mask ? (
            <>
              wears <span className={`name n${mask.color}`}>{mask.nickname}</span>
            </>
          ) : (
            'no mask yet'
          )}
        </small>
      </span>
      <Icon name="right" size={20} />
    </button>
  );
}

function How({
  how,
  onChange,
}: {
  how: Omit<LaunchWish, 'person'>;
  onChange: (how: Omit<LaunchWish, 'person'>) => void;
}) {
  return (
    <div className="group">
      <fieldset className="seg">
        <legend className="vh">Theme</legend>
        {THEMES.map(({ theme, word }) => (
          <label key={theme}>
            <input
              type="radio"
              name="theme"
              className="vh"
              checked={how.theme === theme}
              onChange={() => onChange({ ...how, theme })}
            />
            <span>{word}</span>
          </label>
        ))}
      </fieldset>
      <label className="li">
        <span className="li-t">
          <b>Start parameter</b>
        </span>
        <input
          className="dev-param"
          placeholder="none"
          maxLength={64}
          pattern="[A-Za-z0-9_\-]*"
          value={how.startParam}
          onChange={(event) => onChange({ ...how, startParam: event.target.value })}
        />
      </label>
      <label className="li">
        <span className="li-t">
          <b>Stale launch data</b>
          <small>To see what a person sees after a day</small>
        </span>
        <input
          type="checkbox"
          className="switch"
          checked={how.stale}
          onChange={(event) => onChange({ ...how, stale: event.target.checked })}
        />
      </label>
    </div>
  );
}

/** A number nobody of the list has, so that the server has most likely never seen the person. */
function someoneNew(people: readonly Person[]): number {
  return people.length + 1 + Math.floor(Math.random() * 1_000_000);
}

/** Who wears what; asked again when one comes back to this tab. */
function usePeople(): { people: Person[]; problem: string } {
  const [people, setPeople] = useState<Person[]>([]);
  const [problem, setProblem] = useState('');
  useEffect(() => {
    const refresh = () => {
      fetchPeople().then(
        (found) => {
          setPeople(found);
          setProblem('');
        },
        (error: Error) => setProblem(error.message),
      );
    };
    refresh();
    window.addEventListener('focus', refresh);
    return () => window.removeEventListener('focus', refresh);
  }, []);
  return { people, problem };
}
