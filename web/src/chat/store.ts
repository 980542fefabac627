/** The store behind the screens: components read it with `useChat` and never see socket or fetch. */
import { useStore } from 'zustand';
import { createStore, type StoreApi } from 'zustand/vanilla';
import { Conductor } from './conductor';
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
  return createStore<Chat>()((set, get) => ({
    ...initialState,
    start(platform) {
      conductor ??= new Conductor(platform, location.origin, get, set);
      void conductor.start();
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
    logout: async () => conductor?.logout(),
  }));
}

/** The app's chat. Components use `useChat`; `main.tsx` calls `chat.getState().start(platform)`. */
export const chat = createChat();

/** Reads one value of the chat: `useChat(s => s.entries)`. */
export function useChat<T>(select: (chat: Chat) => T): T {
  return useStore(chat, select);
}
