/**
 * Telegram's Back button, bound to what is open: each open layer registers how it is closed, the
 * button shows while there is one and closes the topmost.
 */
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef } from 'react';
import { useTelegram } from './TelegramContext';

interface Layer {
  close: () => void;
}

interface Layers {
  add(layer: Layer): () => void;
}

const LayersContext = createContext<Layers | null>(null);

export function BackProvider({ children }: { children: ReactNode }) {
  const telegram = useTelegram();
  const open = useRef<Layer[]>([]);
  const layers = useMemo<Layers>(
    () => ({
      add(layer) {
        open.current.push(layer);
        telegram.showBack(true);
        return () => {
          open.current = open.current.filter((other) => other !== layer);
          telegram.showBack(open.current.length > 0);
        };
      },
    }),
    [telegram],
  );
  useEffect(() => telegram.onBack(() => open.current.at(-1)?.close()), [telegram]);
  return <LayersContext value={layers}>{children}</LayersContext>;
}

/** Makes Telegram's Back button close this layer while it is mounted. */
export function useBack(close: () => void): void {
  const layers = useContext(LayersContext);
  const latest = useRef(close);
  useEffect(() => {
    latest.current = close;
  });
  useEffect(() => layers?.add({ close: () => latest.current() }), [layers]);
}
