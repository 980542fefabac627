import { vi } from 'vitest';

/** The DOM of the tests lays nothing out: gives every element a size, so that a list has a window to fill. */
export function pretendLayout({
  width = 390,
  height = 600,
  row = 60,
}: {
  width?: number;
  height?: number;
  row?: number;
} = {}): void {
  const size = (element: HTMLElement, of: number) => (element.classList.contains('slot') ? row : of);
  vi.spyOn(HTMLElement.prototype, 'offsetWidth', 'get').mockReturnValue(width);
  vi.spyOn(HTMLElement.prototype, 'offsetHeight', 'get').mockImplementation(function (this: HTMLElement) {
    return size(this, height);
  });
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(height);
  vi.spyOn(HTMLElement.prototype, 'scrollHeight', 'get').mockImplementation(function (this: HTMLElement) {
    const log = this.querySelector<HTMLElement>('.log');
    return log ? Number.parseFloat(log.style.height) : height;
  });
  vi.spyOn(HTMLElement.prototype, 'scrollTo').mockImplementation(function (this: HTMLElement, to?: unknown) {
    const { top = 0 } = to as ScrollToOptions;
    this.scrollTop = Math.max(0, Math.min(top, this.scrollHeight - this.clientHeight));
    // As in a browser, the event comes later.
    requestAnimationFrame(() => this.dispatchEvent(new Event('scroll')));
  });
}
