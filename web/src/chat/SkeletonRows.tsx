/** Bones of messages that are not there yet, the same as index.html paints first. Widths in pixels of a 16 px text. */
const BONES: readonly { side: 'in' | 'own'; first?: boolean; last?: boolean; lines: readonly number[] }[] = [
  { side: 'in', first: true, lines: [88, 196] },
  { side: 'in', last: true, lines: [232, 168] },
  { side: 'own', first: true, last: true, lines: [144] },
  { side: 'in', first: true, lines: [120, 206, 148] },
  { side: 'in', last: true, lines: [176] },
  { side: 'in', first: true, last: true, lines: [96, 222] },
  { side: 'own', first: true, last: true, lines: [188, 92] },
  { side: 'in', first: true, last: true, lines: [132, 150] },
  { side: 'own', first: true, last: true, lines: [236, 204, 120] },
  { side: 'in', first: true, lines: [104, 214, 160] },
  { side: 'in', last: true, lines: [128] },
];

export function SkeletonRows() {
  return (
    <div className="log still" aria-hidden="true">
      {BONES.map(({ side, first, last, lines }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the bones never change
        <div key={at} className={`row ${side}${first ? ' first' : ''}${last ? ' last' : ''}`}>
          {side === 'in' &&
            (last ? (
              <span className="mask sk r" style={{ width: '2.25rem', height: '2.25rem' }} />
            ) : (
              <span className="gap" />
            ))}
          <div className="bubble">
            {lines.map((width) => (
              <span key={width} className="sk" style={{ width: `${width / 16}rem` }} />
            ))}
          </div>
        </div>
      ))}
    </div>
  );
}
