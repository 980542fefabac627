import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/App';
import { BackProvider } from './app/back';
import { Crash } from './app/Crash';
import { TelegramContext } from './app/TelegramContext';
import { followTheme } from './app/theming';
import { followViewport } from './app/viewport';
import { chat } from './chat/store';
import { loadMessages } from './i18n';
import { LocaleProvider } from './i18n/LocaleProvider';
import './styles/base.css';
import './ui/ui.css';
import { connectTelegram } from './telegram';

/** The page's own skeleton stays until there is something to show; signing in began before React. */
async function main(): Promise<void> {
  const telegram = connectTelegram();
  followTheme(telegram, window);
  followViewport(telegram, window);
  telegram.ready();
  chat.getState().start(telegram);

  const language = telegram.language();
  const [messages] = await Promise.all([loadMessages(language), started()]);
  const root = document.getElementById('root');
  if (!root) return;
  createRoot(root).render(
    <StrictMode>
      <LocaleProvider language={language} messages={messages}>
        <TelegramContext value={telegram}>
          <Crash>
            <BackProvider>
              <App />
            </BackProvider>
          </Crash>
        </TelegramContext>
      </LocaleProvider>
    </StrictMode>,
  );
}

/** Settles once the chat knows where it stands. */
function started(): Promise<void> {
  if (chat.getState().phase !== 'starting') return Promise.resolve();
  return new Promise((resolve) => {
    const stop = chat.subscribe(({ phase }) => {
      if (phase === 'starting') return;
      stop();
      resolve();
    });
  });
}

void main();
