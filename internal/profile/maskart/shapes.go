package maskart

// The tables of the format. Faces and eyes are right halves; the left half is the same
// path mirrored about x = 32.

// velvet is one of the twelve colours: top and bottom of the disc, and its ink.
type velvet struct{ light, deep, ink string }

var velvets = [Hues]velvet{
	{"#ff8576", "#d53a4c", "#560d1c"}, // ruby
	{"#ffa866", "#dd6127", "#552006"}, // copper
	{"#ffcf66", "#d68f16", "#4f3000"}, // amber
	{"#bcd765", "#6d9824", "#293b06"}, // olive
	{"#79d893", "#2a975a", "#093b20"}, // green
	{"#5fdac6", "#138a84", "#043736"}, // teal
	{"#67cff2", "#1981b3", "#063349"}, // cyan
	{"#80b1ff", "#2f64d8", "#0e2459"}, // blue
	{"#a29bff", "#5945d0", "#1f135d"}, // indigo
	{"#cc97ff", "#873fcb", "#350f59"}, // violet
	{"#f592da", "#bd3699", "#510d3f"}, // magenta
	{"#a9bacb", "#586d84", "#1b2835"}, // slate
}

// accentSteps lead from the hue of the disc to that of the ornaments.
var accentSteps = [...]int{3, 4, 5, 7, 8, 9}

// stuff is what the mask is made of: its lit half, its shaded half and what shows through
// the eyes (empty: the ink of the disc).
type stuff struct{ lit, shade, hole string }

var (
	ivory  = stuff{"#fff7ea", "#efdfc8", ""}
	night  = stuff{"#2c2542", "#211b34", "#fff1c9"}
	gold   = stuff{"#ffdc80", "#efb64a", ""}
	silver = stuff{"#eeebff", "#cfc9f2", ""}

	stuffs = [...]stuff{ivory, ivory, ivory, silver, night, gold}
)

// The faces by number.
const (
	domino = iota
	butterfly
	cat
	fullFace
	owl
	fox
	bauta
	petals
)

var faces = [...]string{
	domino:    "M31.7 25.5C36 20.5 47 18.5 57 21.5C58.5 31 54 43 44.5 43.5C38.5 43.8 36 39 31.7 38Z",
	butterfly: "M31.7 26C37 21 46 15 57.5 14.5C58.5 20.5 55.5 24 55 28.5C56.5 35 52.5 45 43.5 44.5C37.5 44 36 39.5 31.7 39Z",
	cat:       "M31.7 22.5C35 22 38 22 40.5 22.8L52 10.5C55.5 19 56.5 27 55 34C53.5 42.5 46.5 48 40 47C36.5 46.5 35 44 31.7 44Z",
	fullFace:  "M31.7 12C46 12 53.5 20 53.5 31C53.5 44 43 56 31.7 56.5Z",
	owl:       "M31.7 23C37 22 46 14.5 57 13.5C56 18 57.5 22 57 27C56.5 38 50 44.5 42.5 44.5C38 44.5 35.5 47 31.7 55Z",
	fox:       "M31.7 25.5L38.5 22.5L53.5 9.5C56 17 57 25 56.5 31.5L49 42C43 46 36.5 50.5 31.7 57.5Z",
	bauta:     "M31.7 15L46 16.5C51 19 54 25 54 31L51.5 42L42 45L44.5 56C40.5 58.5 36 59 31.7 59Z",
	petals:    "M31.7 21C33.5 17.5 38 16.5 41 19C44 15.5 50 16 51.8 20.5C56.5 21 59 26 56.5 30C58.5 34.5 55.5 40 51 40C49 44.5 43.5 46 40 43C37 44 34 42 31.7 39.5Z",
}

// The eyes by number.
const (
	almond = iota
	roundEye
	slanted
	sleepy
	laughing
	lozenge
	dropEye
	halfMoon
)

var eyes = [...]string{
	almond:   "M36 32.8C38.5 28.2 44.5 26.6 50 29.2C48.8 34.4 43.8 36.8 39.6 35.8C37.8 35.4 36.6 34.2 36 32.8Z",
	roundEye: "M43 26.6a5 5 0 1 0 .01 0Z",
	slanted:  "M35.8 34.6C38 29 44 25.6 51 25.8C50.6 32 45.6 36.6 40 36.4C38 36.3 36.6 35.6 35.8 34.6Z",
	sleepy:   "M36.4 30.4C39.8 33.4 46.4 33.4 49.8 30C49.8 35 46.4 37.4 42.8 37.2C39.2 37 36.8 34.6 36.4 30.4Z",
	laughing: "M36 35.6C37.4 27.6 48 26.8 50.2 34.6C46 31.6 40.2 32 36 35.6Z",
	lozenge:  "M36 32L43 26.2L50 31.4L43.2 37Z",
	dropEye:  "M43 24.6C46.7 29.4 47.8 32 46.4 34.9C44.9 37.6 41.1 37.6 39.6 34.9C38.2 32 39.3 29.4 43 24.6Z",
	halfMoon: "M36.4 29.4H50C50 35 46.6 37.4 43.2 37.4C39.8 37.4 36.4 35 36.4 29.4Z",
}
