// Package maskart draws the generated mask: one seed, one mask, for ever.
//
// The drawing is a format, not a style: pictures are cached as immutable and the web app
// draws the same masks, so every byte is fixed by the design guide, section 5. Only shapes
// from the tables of this package reach the SVG; the seed itself is never printed.
package maskart

// Hues is the number of colours a mask, and with it a nickname, can have.
const Hues = 12

// SVG returns the mask of a seed: a complete square <svg> of about 1.5 kB with a 64 × 64
// view box (the page cuts the circle). Equal seeds give equal bytes.
func SVG(seed string) []byte {
	return read(seed).draw()
}

// Hue returns the colour of the mask and of the nickname beside it, 0 (ruby) to 11 (slate).
func Hue(seed string) int {
	d := newDice(seed)
	return d.below(Hues)
}

// Neutral returns the picture of a mask that was erased or never existed: the plainest
// face in pure greys, on a disc that is readable on light and dark pages alike.
func Neutral() []byte {
	const disc, lit, shade, hole = "#8c8c8c", "#ebebeb", "#dadada", "#5c5c5c"
	var c canvas
	c.open()
	c.path(square, disc, "")
	c.path(faces[domino], lit, mirrored)
	c.path(faces[domino], shade, "")
	c.both(eyes[almond], hole, "")
	return c.close()
}

// traits are what the dice decided: indices into the tables, in the order they were drawn.
type traits struct {
	hue, face, eye, top, deco, back int
	stuff                           stuff
	accent                          velvet
}

// read throws the dice of a seed. The order of the throws is part of the format.
func read(seed string) traits {
	d := newDice(seed)
	t := traits{
		hue:  d.below(Hues),
		face: d.below(len(faces)),
		eye:  d.below(len(eyes)),
		top:  d.below(8),
		deco: d.below(8),
		back: d.below(3),
	}
	t.stuff = stuffs[d.below(len(stuffs))]
	if t.stuff == gold && t.hue >= 1 && t.hue <= 3 {
		t.stuff = ivory // gold is lost on amber
	}
	t.accent = velvets[(t.hue+accentSteps[d.below(len(accentSteps))])%Hues]
	return t
}

// dice is FNV-1a over the bytes of the seed, then xorshift32.
type dice uint32

func newDice(seed string) dice {
	h := uint32(0x811c9dc5)
	for i := range len(seed) {
		h = (h ^ uint32(seed[i])) * 0x01000193
	}
	if h == 0 {
		h = 1 // xorshift never leaves zero
	}
	return dice(h)
}

// below returns a number in [0, n). The bias of the remainder is part of the format.
func (d *dice) below(n int) int {
	*d ^= *d << 13
	*d ^= *d >> 17
	*d ^= *d << 5
	return int(uint32(*d) % uint32(n)) //nolint:gosec // n is the length of a table, the result is below it
}
