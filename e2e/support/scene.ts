/** A conversation among several masks, for pictures. */
import type { Device } from './device.ts';
import { type Language, person } from './person.ts';
import type { World } from './world.ts';

type Line = readonly [who: number, ...texts: string[]];

/** Who speaks which language; 0 is whoever looks at the screen. */
const VOICES: readonly Language[] = ['en', 'ru', 'en', 'zh', 'en', 'ru', 'zh'];

const BEFORE: readonly Line[] = [
  [5, 'Кто не спит? Третий час слушаю, как в доме напротив учатся играть на баяне', 'и ведь уже получается'],
  [4, 'You know how this ends. One day you will miss that accordion'],
  [1, 'Работаю в депо. Ночью трамваи стоят в темноте и тихонько потрескивают, остывают', 'будто обсуждают пассажиров'],
  [2, 'Books do the same. A library at night sounds like a very polite avalanche'],
  [3, '我在面包店上夜班，烤箱降温的时候也会“噼啪”地聊天，好像在说今天哪一炉最成功'],
];

const OWN: Readonly<Record<Language, readonly string[]>> = {
  en: ['Let us draw a map of night sounds', 'The fridge is mine. It sings in A minor'],
  ru: ['Давайте составим карту ночных звуков', 'С меня холодильник. Он у нас поёт в ля миноре'],
  zh: ['我们来画一张夜声地图吧', '我先来：冰箱，它唱的是A小调'],
};

const AFTER: readonly Line[] = [
  [4, 'A lighthouse, then. It hums before rain, and nobody believes me'],
  [6, '我信。我家楼顶的水箱也会'],
  [5, 'Зато рассвет сегодня вот такой: 🌅'],
];

/** Fills the room; the device says its own part in its own language. */
export async function converse(world: World, device: Device): Promise<void> {
  const members = await Promise.all(
    VOICES.map((language, n) => (n === 0 ? null : world.member(person(10 + n, language)))),
  );
  const speak = async (lines: readonly Line[]) => {
    for (const [who, ...texts] of lines) for (const text of texts) await members[who]?.say(text);
  };
  await speak(BEFORE);
  await device.enter();
  for (const text of OWN[device.person.language]) await device.say(text);
  await device.allSent();
  await speak(AFTER);
  await device.log.getByText('🌅').waitFor();
}
