import type { Telegram } from '../telegram';

/** Lower than the page by this much means that a keyboard is up. */
const KEYBOARD_PX = 120;

/**
 * Keeps the height and the insets of the shell in custom properties on <html>: `--height` is what the
 * keyboard and Telegram leave, `--top` and `--below` what notches and controls cover.
 */
export function followViewport(telegram: Telegram, window: Window): () => void {
  const { visualViewport, document } = window;
  const { style } = document.documentElement;
  let given = Number.POSITIVE_INFINITY;
  let insetBelow: number | null = null;

  const adjust = () => {
    // Zoomed in by two fingers, the visible part is small and the page is not.
    const visible = visualViewport ? visualViewport.height * visualViewport.scale : window.innerHeight;
    const height = Math.min(visible, given);
    style.setProperty('--height', `${Math.round(height)}px`);
    if (window.innerHeight - visible > KEYBOARD_PX) style.setProperty('--below', '0px');
    else if (insetBelow === null) style.removeProperty('--below');
    else style.setProperty('--below', `${insetBelow}px`);
    // iOS pushes the page up under the keyboard although nothing is hidden any more.
    if (window.scrollY !== 0) window.scrollTo(0, 0);
  };

  visualViewport?.addEventListener('resize', adjust);
  visualViewport?.addEventListener('scroll', adjust);
  window.addEventListener('resize', adjust);
  const offHeight = telegram.onHeight((height) => {
    given = height;
    adjust();
  });
  const offInsets = telegram.onInsets(({ top, bottom }) => {
    style.setProperty('--top', `${top}px`);
    insetBelow = bottom;
    adjust();
  });
  adjust();
  return () => {
    visualViewport?.removeEventListener('resize', adjust);
    visualViewport?.removeEventListener('scroll', adjust);
    window.removeEventListener('resize', adjust);
    offHeight();
    offInsets();
  };
}
