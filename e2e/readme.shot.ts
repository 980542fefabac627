import { mkdirSync } from 'node:fs';
import { person } from './support/person.ts';
import { converse } from './support/scene.ts';
import { DARK, LIGHT } from './support/telegram.ts';
import { test } from './support/world.ts';

const FOLDER = new URL('shots/', import.meta.url).pathname;

test('the picture of the README: a desktop and a phone in one conversation', async ({ world }) => {
  const desk = await world.device(person(1, 'en'), {
    platform: 'tdesktop',
    theme: LIGHT,
    screen: { viewport: { width: 900, height: 700 } },
  });
  await converse(world, desk);
  const phone = await world.device(person(2, 'en'), {
    theme: DARK,
    screen: { viewport: { width: 360, height: 813 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true },
  });
  await phone.enter();
  await phone.say('Rain on a tin roof, recorded badly');
  await desk.log.getByText('Rain on a tin roof').waitFor();
  await phone.allSent();

  const [wide, narrow] = await Promise.all(
    [desk, phone].map(async ({ page }) => (await page.screenshot()).toString('base64')),
  );
  const page = await (await world.browser.newContext({ viewport: { width: 1320, height: 780 } })).newPage();
  await page.setContent(`<style>
    body { margin: 0; background: #dfe4f4; }
    img { position: absolute; top: 40px; height: 700px; box-shadow: 0 12px 32px #1a1f4a33; }
    .wide { left: 40px; width: 900px; border-radius: 14px; }
    .narrow { right: 40px; width: 310px; border-radius: 26px; outline: 5px solid #10151c; }
  </style><img class="wide" src="data:image/png;base64,${wide}"><img class="narrow" src="data:image/png;base64,${narrow}">`);
  mkdirSync(FOLDER, { recursive: true });
  await page.screenshot({ path: `${FOLDER}readme.png` });
  await page.context().close();
});
