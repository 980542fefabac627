/** The only file that knows the library which speaks Telegram's bridge protocol. */
import {
  type EventName,
  type EventPayload,
  hasWebviewProxy,
  isIframe,
  type MethodName,
  on,
  postEvent,
  request2,
  supports,
} from '@tma.js/bridge';
import type { SecretStorage } from '../chat/platform';
import type { Language } from '../i18n/language';
import type { ThemeParams } from '../styles/theme';
import { browserOnly } from './browser';
import type { Launch } from './launch';
import { type Haptic, type Insets, isWebAddress, type Telegram } from './telegram';

/** A silent client must not keep anybody waiting. */
const ANSWER_WITHIN_MS = 1500;

const DEVICES: Readonly<Record<string, string>> = {
  android: 'Telegram on Android',
  ios: 'Telegram on iOS',
  macos: 'Telegram on macOS',
  tdesktop: 'Telegram Desktop',
  web: 'Telegram Web',
  weba: 'Telegram Web',
};

const HAPTICS = {
  tap: { type: 'impact', impact_style: 'light' },
  selection: { type: 'selection_change' },
  success: { type: 'notification', notification_type: 'success' },
  error: { type: 'notification', notification_type: 'error' },
} as const;

/** Whether something around the page listens to the protocol. */
export function hasBridge(): boolean {
  return hasWebviewProxy(window) || isIframe();
}

export function connectBridge(launch: Launch, userId: number | null, language: () => Language): Telegram {
  const version = /^\d+(\.\d+)*$/.test(launch.version) ? (launch.version as `${number}.${number}`) : '6.0';
  const can = (method: MethodName) => supports(method, version);

  /** Sends what this client understands and drops the rest; a client that throws is a client that is gone. */
  const tell = (method: MethodName, params?: object) => {
    if (!can(method)) return;
    try {
      (postEvent as (method: MethodName, params?: object) => void)(method, params);
    } catch {
      // no bridge after all: the page works without
    }
  };
  const listen = <E extends EventName>(event: E, listener: (payload: EventPayload<E>) => void) =>
    on(event, listener as Parameters<typeof on<E>>[1]);

  const colour = (method: 'web_app_set_header_color' | 'web_app_set_background_color', value: string) => {
    if (method === 'web_app_set_header_color' && !supports(method, 'color', version)) {
      tell(method, { color_key: 'bg_color' });
    } else {
      tell(method, { color: value });
    }
  };

  tell('web_app_expand');
  tell('web_app_setup_swipe_behavior', { allow_vertical_swipe: false });

  return {
    ...browserOnly({ initData: launch.initData, userId, theme: launch.theme }, language),
    inside: true,
    canClose: true,
    deviceInfo: DEVICES[launch.platform] ?? 'Telegram',
    secrets: can('web_app_secure_storage_get_key') ? secureStorage() : null,
    ready: () => tell('web_app_ready'),
    close: () => tell('web_app_close'),
    showBack: (visible) => tell('web_app_setup_back_button', { is_visible: visible }),
    onBack: (listener) => listen('back_button_pressed', () => listener()),
    haptic: (kind: Haptic) => tell('web_app_trigger_haptic_feedback', HAPTICS[kind]),
    openLink(url) {
      if (!isWebAddress(url)) return;
      const { hostname, pathname, search } = new URL(url);
      if (hostname === 't.me' && can('web_app_open_tg_link')) {
        tell('web_app_open_tg_link', { path_full: pathname + search });
      } else tell('web_app_open_link', { url });
    },
    paint({ header, background, bottom }) {
      colour('web_app_set_header_color', header);
      colour('web_app_set_background_color', background);
      tell('web_app_set_bottom_bar_color', { color: bottom });
    },
    onVisibility(listener) {
      const page = () => listener(document.visibilityState === 'visible');
      document.addEventListener('visibilitychange', page);
      const off = listen('visibility_changed', ({ is_visible }) => listener(is_visible));
      return () => {
        document.removeEventListener('visibilitychange', page);
        off();
      };
    },
    onTheme: (listener: (theme: ThemeParams) => void) =>
      listen('theme_changed', ({ theme_params }) => listener({ ...theme_params })),
    onInsets(listener: (insets: Insets) => void) {
      // Telegram's own controls stand below the notch, so both are added.
      const none: Insets = { top: 0, right: 0, bottom: 0, left: 0 };
      let [device, content] = [none, none];
      const sum = () =>
        listener({
          top: device.top + content.top,
          right: device.right + content.right,
          bottom: device.bottom + content.bottom,
          left: device.left + content.left,
        });
      const offDevice = listen('safe_area_changed', (insets) => {
        device = insets;
        sum();
      });
      const offContent = listen('content_safe_area_changed', (insets) => {
        content = insets;
        sum();
      });
      tell('web_app_request_safe_area');
      tell('web_app_request_content_safe_area');
      return () => {
        offDevice();
        offContent();
      };
    },
    onHeight(listener) {
      if (launch.platform !== 'android' && launch.platform !== 'ios') return () => {};
      const off = listen('viewport_changed', (viewport) => {
        if (viewport?.is_state_stable && viewport.height > 0) listener(viewport.height);
      });
      tell('web_app_request_viewport');
      return off;
    },
  };
}

function secureStorage(): SecretStorage {
  let last = 0;
  const options = <P extends object>(params: P) => {
    const req_id = `s${++last}`;
    return {
      params: { req_id, ...params },
      timeout: ANSWER_WITHIN_MS,
      capture: ({ payload }: { payload: { req_id: string } | undefined }) => payload?.req_id === req_id,
    };
  };
  const save = async (key: string, value: string | null) => {
    const answer = await request2(
      'web_app_secure_storage_save_key',
      ['secure_storage_key_saved', 'secure_storage_failed'],
      options({ key, value }) as never,
    );
    if (answer.event === 'secure_storage_failed') throw new Error('Telegram refused to keep the value');
  };
  return {
    async get(key) {
      const answer = await request2(
        'web_app_secure_storage_get_key',
        ['secure_storage_key_received', 'secure_storage_failed'],
        options({ key }) as never,
      );
      if (answer.event === 'secure_storage_failed') throw new Error('Telegram did not give the value out');
      return answer.payload.value;
    },
    set: save,
    remove: (key) => save(key, null),
  };
}
