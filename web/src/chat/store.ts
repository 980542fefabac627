/** The store behind the screens: components read it with `useChat` and never see socket or fetch. */
import { useStore } from 'zustand';
import { createStore, type StoreApi } from 'zustand/vanilla';
import { type Entered, type Session, SignInError } from '../api/session';
import { Conductor } from './conductor';
import type { Platform } from './platform';
import { type Chat, initialState } from './state';

export {
  type Chat,
  type ChatActions,
  type ChatState,
  type Connection,
  initialState,
  type Outcome,
  type Phase,
} from './state';

/** A chat of its own; the app has one, each test makes its own. */
export function createChat(): StoreApi<Chat> {
  let conductor: Conductor | null = null;
  let here: Platform | null = null;
  return createStore<Chat>()((set, get) => {
    /** One conductor leads from a sign-in to its end; the next sign-in has another. */
    const begin = (entered?: Entered) => {
      if (!here) return;
      conductor?.close();
      set(initialState);
      conductor = new Conductor(here, location.origin, get, set);
      void conductor.start(entered);
    };
    const ask = async (what: (session: Session) => Promise<string>) => {
      if (!conductor) throw new SignInError('outside', 'token_missing');
      return conductor.token(what);
    };
    return {
      ...initialState,
      start(platform) {
        if (here) return;
        here = platform;
        begin();
      },
      enter: begin,
      comeIn: () => begin(),
      bearer: {
        token: () => ask((session) => session.token()),
        renew: (refused) => ask((session) => session.renew(refused)),
      },
      tryAgain: () => conductor?.tryAgain(),
      send: (text) => conductor?.send(text) ?? false,
      retry: (cid) => conductor?.room?.retry(cid),
      discard: (cid) => conductor?.room?.discard(cid),
      loadOlder: () => void conductor?.room?.loadOlder(),
      read: (seq) => conductor?.room?.read(seq),
      setDraft: (text) => conductor?.setDraft(text),
      setAtBottom: (atBottom) => conductor?.room?.setAtBottom(atBottom),
      newMask: async () => conductor?.newMask() ?? { ok: false, code: 'unreachable' },
      logout: async () => conductor?.leave('logged_out'),
      erased: async () => conductor?.leave('erased'),
    };
  });
}

/** The app's chat. Components use `useChat`; `main.tsx` calls `chat.getState().start(platform)`. */
export const chat = createChat();

/** Reads one value of the chat: `useChat(s => s.entries)`. */
export function useChat<T>(select: (chat: Chat) => T): T {
  return useStore(chat, select);
}
