package maskart

const (
	square   = "M0 0H64V64H0Z"
	mirrored = ` transform="matrix(-1 0 0 1 64 0)"`
	chin     = "M15 27C14.5 46 22 60 32 60S49.5 46 49 27Z"

	// The two star polygons stand as text because a coordinate of the first (43.75) lies on
	// a rounding edge, where another sine, or a fused multiply, prints another digit.
	sunRays  = "M32.0 3.0L36.1 9.9L42.3 4.8L43.8 12.6L51.3 10.0L50.0 17.9L58.0 18.0L54.1 25.0L61.5 27.8L55.5 33.0L61.5 38.2L54.1 41.0L58.0 48.0L50.0 48.1L51.3 56.0L43.8 53.4L42.3 61.2L36.1 56.1L32.0 63.0L27.9 56.1L21.7 61.2L20.3 53.4L12.7 56.0L14.0 48.1L6.0 48.0L9.9 41.0L2.5 38.2L8.5 33.0L2.5 27.8L9.9 25.0L6.0 18.0L14.0 17.9L12.7 10.0L20.3 12.6L21.7 4.8L27.9 9.9Z"
	haloRays = "M32.0 -14.0L35.1 20.4L55.0 -7.8L40.5 23.5L71.8 9.0L43.6 28.9L78.0 32.0L43.6 35.1L71.8 55.0L40.5 40.5L55.0 71.8L35.1 43.6L32.0 78.0L28.9 43.6L9.0 71.8L23.5 40.5L-7.8 55.0L20.4 35.1L-14.0 32.0L20.4 28.9L-7.8 9.0L23.5 23.5L9.0 -7.8L28.9 20.4Z"
)

// The headpieces by number; all stand behind the mask but the hat.
const (
	ribbon = iota
	plumes
	crest
	jester
	crown
	sun
	hood
	hat
)

// The ornaments by number.
const (
	jewel = iota
	twoHalves
	beads
	brows
	tear
	star
	rim
	blush
)

// The halos by number; 0 is none.
const (
	moonHalo = 1
	rayHalo  = 2
)

// draw paints from back to front: disc, halo, headpiece, chin, face, ornament, eyes, lips, hat.
func (t traits) draw() []byte {
	var c canvas
	c.open()
	c.disc(t.hue)
	c.halo(t.back)
	c.headpiece(t)
	c.chin(t)
	c.path(faces[t.face], t.stuff.lit, mirrored)
	c.path(faces[t.face], t.rightHalf(), "")
	c.ornament(t)
	c.both(eyes[t.eye], t.hole(), "")
	if t.face == fullFace {
		c.path("M27.5 46.8Q30 44.8 32 46.2Q34 44.8 36.5 46.8Q32 51.2 27.5 46.8Z", "#d8475c", "")
	}
	c.hat(t)
	return c.close()
}

func (t traits) ink() string { return velvets[t.hue].ink }

// second is the colour that accompanies the accent: the bottom of its disc.
func (t traits) second() string { return t.accent.deep }

func (t traits) rightHalf() string {
	if t.deco == twoHalves {
		return t.accent.light
	}
	return t.stuff.shade
}

func (t traits) hole() string {
	if t.stuff.hole != "" {
		return t.stuff.hole
	}
	return t.ink()
}

// halfMask tells whether the face ends above the mouth.
func (t traits) halfMask() bool { return t.face <= cat || t.face == petals }

func (c *canvas) disc(hue int) {
	id := [Hues]string{"v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11"}[hue]
	c.add(`<linearGradient id="`, id, `" x2="0" y2="1"><stop stop-color="`, velvets[hue].light,
		`"/><stop offset="1" stop-color="`, velvets[hue].deep, `"/></linearGradient>`,
		`<path d="`, square, `" fill="url(#`, id, `)"/>`)
}

func (c *canvas) halo(back int) {
	switch back {
	case moonHalo:
		c.path("M32 5a27 27 0 1 0 .01 0Z", "#fff", ` fill-opacity=".13"`)
	case rayHalo:
		c.path(haloRays, "#fff", ` fill-opacity=".1"`)
	}
}

func (c *canvas) headpiece(t traits) {
	accent, second, ink := t.accent.light, t.second(), t.ink()
	switch t.top {
	case ribbon:
		c.both("M54 29C59 27 61 33 66 30V37C60 40 59 34 53 36Z", accent, "")
	case plumes:
		c.feather("43 27", "40", "0.84", accent, ink)
		c.feather("39 26", "-6", "0.94", accent, ink)
		c.feather("41 27", "17", "1", second, ink)
	case crest:
		c.feather("20 27", "-42", "0.8", accent, ink)
		c.feather("44 27", "42", "0.8", accent, ink)
		c.feather("25 24", "-20", "0.86", second, ink)
		c.feather("39 24", "20", "0.86", second, ink)
		c.feather("32 25", "0", "0.96", accent, ink)
	case jester:
		c.both("M31 28C33 8 45 3 52.5 14C47.5 13.5 46.5 20 46.5 28Z", accent, "")
		c.both("M52.5 11a3.4 3.4 0 1 0 .01 0Z", second, "")
	case crown:
		c.path("M15 30L14.5 12L23.5 18.5L32 7L40.5 18.5L49.5 12L49 30Z", accent, "")
		c.path("M32 4.6a2.4 2.4 0 1 0 .01 0ZM14.5 9.6a2.4 2.4 0 1 0 .01 0ZM49.5 9.6a2.4 2.4 0 1 0 .01 0Z", second, "")
	case sun:
		c.path(sunRays, accent, "")
	case hood:
		c.path("M32 3C51 3 60 20 62 66H2C4 20 13 3 32 3Z", ink, ` fill-opacity=".82"`)
	}
}

// chin shows below a half-mask that somebody is behind it.
func (c *canvas) chin(t traits) {
	if !t.halfMask() {
		return
	}
	c.path(chin, velvets[t.hue].deep, "")
	c.path(chin, t.ink(), ` fill-opacity=".46"`)
	c.path("M27.8 51Q30 49 32 50.4Q34 49 36.2 51Q32 54.6 27.8 51Z", t.ink(), ` fill-opacity=".5"`)
}

func (c *canvas) ornament(t traits) {
	accent, second := t.accent.light, t.second()
	switch t.deco {
	case jewel:
		c.path("M32 24.5L35 28.6L32 34L29 28.6Z", second, "")
	case beads:
		c.both("M39 39.2a1.2 1.2 0 1 0 .01 0ZM43.2 38.8a1.2 1.2 0 1 0 .01 0ZM47.2 37.2a1.2 1.2 0 1 0 .01 0Z", second, "")
	case brows:
		c.both("M36.5 26C40.5 22.2 46.5 21.4 52 23.4", "none", ` stroke="`+second+`" stroke-width="1.7" stroke-linecap="round"`)
	case tear:
		c.path("M43.3 38C45.6 41.2 45.2 43.6 43.3 43.6S41 41.2 43.3 38Z", second, "")
	case star:
		c.path("M43 19.5L45.8 28.4L54.5 31.5L45.8 34.8L43 43.5L40.2 34.8L31.5 31.5L40.2 28.4Z", accent, "")
	case rim:
		open := faces[t.face][:len(faces[t.face])-1] // without the Z: no line where the halves meet
		c.both(open, "none", ` stroke="`+second+`" stroke-width="1.6"`)
	case blush:
		c.both("M47.5 35.5a3.4 3.4 0 1 0 .01 0Z", "#ff7d8f", ` fill-opacity=".45"`)
	}
}

func (c *canvas) hat(t traits) {
	if t.top != hat {
		return
	}
	c.path("M3 25C12 21 17 6.5 32 5.500C47 6.5 52 21 61 25C53 28 44 21.5 32 21.500S11 28 3 25Z", t.ink(), "")
	c.path("M5 25.4C13 26.6 21 21.5 32 21.500S51 26.6 59 25.4", "none",
		` stroke="`+t.accent.light+`" stroke-width="1.8" stroke-linecap="round"`)
}

// canvas is the SVG text as far as it is written.
type canvas struct{ text []byte }

func (c *canvas) open() {
	const roomy = 3584 // the largest mask seen has 3 kB: no second allocation
	c.text = make([]byte, 0, roomy)
	c.add(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">`)
}

func (c *canvas) close() []byte {
	c.add(`</svg>`)
	return c.text
}

func (c *canvas) add(parts ...string) {
	for _, p := range parts {
		c.text = append(c.text, p...)
	}
}

func (c *canvas) path(d, fill, more string) {
	c.add(`<path d="`, d, `" fill="`, fill, `"`, more, `/>`)
}

// both draws a right half and its mirror image.
func (c *canvas) both(d, fill, more string) {
	c.path(d, fill, more)
	c.path(d, fill, more+mirrored)
}

// feather draws one plume: at a point, turned by degrees, scaled by size.
func (c *canvas) feather(at, turn, size, fill, ink string) {
	c.add(`<g transform="translate(`, at, `) rotate(`, turn, `) scale(`, size, `)">`)
	c.path("M0 0C-7 -6 -7 -17 0 -24C7 -17 7 -6 0 0Z", fill, "")
	c.path("M0 -2V-19", "none", ` stroke="`+ink+`" stroke-opacity=".35" stroke-width="1.2"`)
	c.add(`</g>`)
}
