import { useState } from 'react';
import { Icon } from './Icon';

/** A face: always a circle, its size in pixels of a 16 px text. Without a picture, the grey mask. */
export function Mask({ url, size, className }: { url: string | null; size: number; className?: string }) {
  const [broken, setBroken] = useState<string | null>(null);
  const side = `${size / 16}rem`;
  if (!url || broken === url) {
    return (
      <span className="mask none" style={{ width: side, height: side }}>
        <Icon name="mask" />
      </span>
    );
  }
  return (
    <img
      key={url}
      className={className ? `mask ${className}` : 'mask'}
      src={url}
      alt=""
      width={size}
      height={size}
      style={{ width: side, height: side }}
      decoding="async"
      draggable={false}
      onError={() => setBroken(url)}
    />
  );
}
