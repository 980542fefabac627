import type { Author, Entry, Profile } from '../chat/model';
import { type Chat, chat, initialState } from '../chat/store';

export const OWN: Profile = {
  id: 6,
  nickname: 'Quiet Lantern',
  avatarUrl: '/avatar/6.svg',
  color: 9,
  photos: [],
  createdDay: '2026-11-20',
};
export const HERON: Author = { id: 32, nickname: 'Velvet Heron', avatarUrl: '/avatar/32.svg', color: 7 };

export function said(seq: number, content: string, more: Partial<Entry> = {}): Entry {
  return {
    key: `k${seq}`,
    id: `1-${seq}`,
    seq,
    author: HERON,
    userId: HERON.id,
    content,
    at: Date.UTC(2026, 10, 20, 12, 0, seq),
    own: false,
    state: 'sent',
    ...more,
  };
}

/** Puts the app's chat into a state, as if the server had said so. */
export function given(state: Partial<Chat>): void {
  chat.setState({ ...initialState, phase: 'ready', profile: OWN, connection: 'online', ...state });
}
