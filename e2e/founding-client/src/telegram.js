// minimal wrapper for Telegram WebApp
export function getInitData() {
  // Telegram WebApp provides window.Telegram.WebApp.initData (string)
  if (window.Telegram && window.Telegram.WebApp) {
    return window.Telegram.WebApp.initData || null;
  }
  // else fallback to URL param (for local dev)
  const params = new URLSearchParams(window.location.search);
  return params.get('initData') || null;
}
