/** A Telegram client around the page, spoken to over the bridge protocol. */
import type { SecretStorage } from '../chat/platform';
import type { Language } from '../i18n/language';
import { browserOnly } from './browser';
import type { Launch } from './launch';
import { isAtLeast, isObject, type Protocol } from './protocol';
import { type Insets, isWebAddress, type Telegram } from './telegram';

/** A silent client must not keep anybody waiting. */
const ANSWER_WITHIN_MS = 1500;

/** The Bot API version that brought each method we use; a client ignores what it does not know, but we need not ask. */
const SINCE = {
  web_app_ready: '6.0',
  web_app_expand: '6.0',
  web_app_close: '6.0',
  web_app_open_link: '6.0',
  web_app_request_viewport: '6.0',
  iframe_ready: '6.0',
  iframe_will_reload: '6.0',
  web_app_setup_back_button: '6.1',
  web_app_trigger_haptic_feedback: '6.1',
  web_app_open_tg_link: '6.1',
  web_app_set_header_color: '6.1',
  web_app_set_background_color: '6.1',
  web_app_setup_swipe_behavior: '7.7',
  web_app_set_bottom_bar_color: '7.10',
  web_app_request_safe_area: '8.0',
  web_app_request_content_safe_area: '8.0',
  web_app_secure_storage_save_key: '9.0',
  web_app_secure_storage_get_key: '9.0',
} as const;
type Method = keyof typeof SINCE;

/** Before this, the header takes the name of a theme colour only. */
const ANY_HEADER_COLOUR = '6.9';

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

export function inTelegram(
  protocol: Protocol,
  launch: Launch,
  userId: number | null,
  language: () => Language,
): Telegram {
  const can = (method: Method) => isAtLeast(launch.version, SINCE[method]);
  const tell = (method: Method, params?: object) => {
    if (can(method)) protocol.post(method, params);
  };

  tell('iframe_ready', { reload_supported: true });
  protocol.on('reload_iframe', () => {
    tell('iframe_will_reload');
    location.reload();
  });
  tell('web_app_expand');
  tell('web_app_setup_swipe_behavior', { allow_vertical_swipe: false });

  return {
    ...browserOnly({ initData: launch.initData, userId, theme: launch.theme }, language),
    inside: true,
    canClose: true,
    deviceInfo: DEVICES[launch.platform] ?? 'Telegram',
    secrets: can('web_app_secure_storage_get_key') ? secureStorage(protocol, tell) : null,
    ready: () => tell('web_app_ready'),
    close: () => tell('web_app_close'),
    showBack: (visible) => tell('web_app_setup_back_button', { is_visible: visible }),
    onBack: (listener) => protocol.on('back_button_pressed', () => listener()),
    haptic: (kind) => tell('web_app_trigger_haptic_feedback', HAPTICS[kind]),
    openLink(url) {
      if (!isWebAddress(url)) return;
      const { hostname, pathname, search } = new URL(url);
      if (hostname === 't.me' && can('web_app_open_tg_link')) {
        tell('web_app_open_tg_link', { path_full: pathname + search });
      } else {
        tell('web_app_open_link', { url });
      }
    },
    paint({ header, background, bottom }) {
      const any = isAtLeast(launch.version, ANY_HEADER_COLOUR);
      tell('web_app_set_header_color', any ? { color: header } : { color_key: 'bg_color' });
      tell('web_app_set_background_color', { color: background });
      tell('web_app_set_bottom_bar_color', { color: bottom });
    },
    onVisibility(listener) {
      const changed = () => listener(document.visibilityState === 'visible');
      document.addEventListener('visibilitychange', changed);
      const off = protocol.on('visibility_changed', ({ is_visible }) => listener(is_visible === true));
      return () => {
        document.removeEventListener('visibilitychange', changed);
        off();
      };
    },
    onTheme: (listener) =>
      protocol.on('theme_changed', ({ theme_params }) => {
        if (isObject(theme_params)) listener(theme_params);
      }),
    onInsets(listener) {
      // Telegram's own controls stand below the notch, so both are added.
      let [device, content] = [NO_INSETS, NO_INSETS];
      const sum = () =>
        listener({
          top: device.top + content.top,
          right: device.right + content.right,
          bottom: device.bottom + content.bottom,
          left: device.left + content.left,
        });
      const offDevice = protocol.on('safe_area_changed', (insets) => {
        device = insetsOf(insets);
        sum();
      });
      const offContent = protocol.on('content_safe_area_changed', (insets) => {
        content = insetsOf(insets);
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
      const off = protocol.on('viewport_changed', ({ height, is_state_stable }) => {
        if (is_state_stable === true && typeof height === 'number' && height > 0) listener(height);
      });
      tell('web_app_request_viewport');
      return off;
    },
  };
}

const NO_INSETS: Insets = { top: 0, right: 0, bottom: 0, left: 0 };

function insetsOf(payload: Readonly<Record<string, unknown>>): Insets {
  const side = (name: keyof Insets) => {
    const value = payload[name];
    return typeof value === 'number' && value > 0 ? value : 0;
  };
  return { top: side('top'), right: side('right'), bottom: side('bottom'), left: side('left') };
}

/** Telegram's own encrypted store of the device. */
function secureStorage(protocol: Protocol, tell: (method: Method, params: object) => void): SecretStorage {
  let last = 0;
  /** One question, and the one answer with its `req_id`, or none within the time. */
  const ask = (method: Method, answer: string, params: object) =>
    new Promise<Readonly<Record<string, unknown>>>((resolve, reject) => {
      const req_id = `maska${++last}`;
      const settle = (end: () => void) => {
        clearTimeout(timer);
        for (const stop of stops) stop();
        end();
      };
      const refuse = (why: unknown) => settle(() => reject(new Error(`secure storage: ${why}`)));
      const timer = setTimeout(() => refuse('no answer'), ANSWER_WITHIN_MS);
      const stops = [
        protocol.on(answer, (payload) => {
          if (payload.req_id === req_id) settle(() => resolve(payload));
        }),
        protocol.on('secure_storage_failed', (payload) => {
          if (payload.req_id === req_id) refuse(payload.error);
        }),
      ];
      tell(method, { req_id, ...params });
    });
  const save = async (key: string, value: string | null) => {
    await ask('web_app_secure_storage_save_key', 'secure_storage_key_saved', { key, value });
  };
  return {
    async get(key) {
      const { value } = await ask('web_app_secure_storage_get_key', 'secure_storage_key_received', { key });
      return typeof value === 'string' ? value : null;
    },
    set: save,
    remove: (key) => save(key, null),
  };
}
