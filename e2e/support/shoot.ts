import { mkdirSync } from 'node:fs';
import type { Device } from './device.ts';

const FOLDER = new URL('../shots/', import.meta.url).pathname;

/** Takes a picture once nothing moves any more. */
export async function shoot(device: Device, name: string): Promise<void> {
  await device.page.evaluate(() =>
    Promise.all(
      document
        .getAnimations()
        .filter((animation) => animation.effect?.getTiming().iterations !== Number.POSITIVE_INFINITY)
        .map(({ finished }) => finished),
    ),
  );
  mkdirSync(FOLDER, { recursive: true });
  await device.page.screenshot({ path: `${FOLDER}${name}.png` });
}
