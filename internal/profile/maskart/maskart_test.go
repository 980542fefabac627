package maskart_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"maska/internal/profile/maskart"
)

// The digest of s0 … s23 is the design guide's; that of the 50,000 was taken from the
// reference generator in a browser engine, so that every row of every table is covered.
func TestMasksAreTheReferenceBytes(t *testing.T) {
	for _, tc := range []struct {
		prefix string
		count  int
		want   string
	}{
		{"s", 24, "66d75113c957868a52bb3c35c77847429bf6f05930ff9bebf4c3dcaa06a6b6fa"},
		{"seed-", 50_000, "c7042e22d642ef5f2bba716597244545dfad2b5b821b07b813b0c721dce8c95d"},
	} {
		h := sha256.New()
		for i := range tc.count {
			h.Write(maskart.SVG(fmt.Sprint(tc.prefix, i)))
		}
		if got := hex.EncodeToString(h.Sum(nil)); got != tc.want {
			t.Errorf("%d masks of %q: digest %s, want %s", tc.count, tc.prefix, got, tc.want)
		}
	}
}

func TestMasksAreTheGoldenFiles(t *testing.T) {
	for i := range 8 {
		seed := fmt.Sprint("s", i)
		want, err := os.ReadFile(filepath.Join("testdata", seed+".svg"))
		if err != nil {
			t.Fatal(err)
		}
		if got := maskart.SVG(seed); !bytes.Equal(got, want) {
			t.Errorf("%s:\n got %s\nwant %s", seed, got, want)
		}
	}
}

func TestAnySeedIsHashedAsItsBytes(t *testing.T) {
	for _, tc := range []struct {
		seed, digest string
		hue          int
	}{
		{"", "aae7bec4f2acbb8270d8b5bd77ac8b8d884326ce53d47fda232203d14164f6e8", 11},
		{"ё", "e937209df3c0d3281dadbc0808312638a369b770863582efd3bf8a164c9fa9ca", 10},
		{"面具", "c45710e658c10652fb07e1867cd0948ec6ac2dcb45660358622026290c5ff092", 5},
		{"😀", "c19f684c5c1a1759a735170dbd38180d80126b0fc1c97060d25a5c47cf0d97a1", 9},
		{"7f3a91c2", "355cea5370375806a67bc73190c6e5b25b88388f96bb1fb72906b58f3fe71de2", 8},
		{`a b<&>"`, "bc5f1b3eb3551c0bbcbe6be93b4000c607ec1a490edaa981a1b5543969d6ca09", 11},
	} {
		sum := sha256.Sum256(maskart.SVG(tc.seed))
		if got := hex.EncodeToString(sum[:]); got != tc.digest {
			t.Errorf("%q: digest %s, want %s", tc.seed, got, tc.digest)
		}
		if got := maskart.Hue(tc.seed); got != tc.hue {
			t.Errorf("%q: hue %d, want %d", tc.seed, got, tc.hue)
		}
	}
}

func TestHueIsTheColourOfTheDisc(t *testing.T) {
	var seen [maskart.Hues]bool
	for i := range 1000 {
		seed := fmt.Sprint(i)
		hue := maskart.Hue(seed)
		seen[hue] = true
		if !bytes.Contains(maskart.SVG(seed), fmt.Appendf(nil, `id="v%d"`, hue)) {
			t.Fatalf("seed %q: hue %d is not the gradient of its mask", seed, hue)
		}
	}
	for hue, ok := range seen {
		if !ok {
			t.Errorf("no mask has hue %d", hue)
		}
	}
}

// A seed as long as real ones cannot occur by chance, so its presence would be a leak.
func TestMaskIsWellFormedAndNeverShowsItsSeed(t *testing.T) {
	long := rapid.StringN(8, -1, -1)
	hexadecimal := rapid.StringMatching(`[0-9a-f]{16,32}`)
	hostile := rapid.Custom(func(t *rapid.T) string {
		return `"/><script>` + rapid.String().Draw(t, "tail")
	})
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.OneOf(long, hexadecimal, hostile).Draw(t, "seed")
		svg := maskart.SVG(seed)
		if bytes.Contains(svg, []byte(seed)) {
			t.Fatalf("the mask of %q contains the seed", seed)
		}
		if err := check(svg); err != nil {
			t.Fatalf("the mask of %q: %v", seed, err)
		}
	})
}

func TestNeutralMaskIsWellFormedAndGrey(t *testing.T) {
	svg := maskart.Neutral()
	if err := check(svg); err != nil {
		t.Fatal(err)
	}
	colours := regexp.MustCompile(`#[0-9a-f]+`).FindAllString(string(svg), -1)
	if len(colours) == 0 {
		t.Fatal("no colours")
	}
	for _, c := range colours {
		if c[1:3] != c[3:5] || c[3:5] != c[5:7] {
			t.Errorf("%s has a hue", c)
		}
	}
}

// check accepts one well-formed svg element made of drawing elements without links,
// scripts, styles or text.
func check(svg []byte) error {
	allowed := map[string]bool{"svg": true, "g": true, "path": true, "linearGradient": true, "stop": true}
	dec := xml.NewDecoder(bytes.NewReader(svg))
	roots, depth := 0, 0
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			if roots != 1 {
				return fmt.Errorf("%d root elements", roots)
			}
			return nil
		}
		if err != nil {
			return err
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			if depth == 0 {
				roots++
			}
			depth++
			if !allowed[tok.Name.Local] {
				return fmt.Errorf("element %s", tok.Name.Local)
			}
			for _, a := range tok.Attr {
				if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "href" || a.Name.Local == "style" {
					return fmt.Errorf("attribute %s", a.Name.Local)
				}
			}
		case xml.EndElement:
			depth--
		default:
			return fmt.Errorf("unexpected %T", tok)
		}
	}
}

func BenchmarkSVG(b *testing.B) {
	seeds := make([]string, 1024)
	for i := range seeds {
		seeds[i] = fmt.Sprint("seed-", i)
	}
	largest, i := 0, 0
	b.ReportAllocs()
	for b.Loop() {
		largest = max(largest, len(maskart.SVG(seeds[i%len(seeds)])))
		i++
	}
	b.ReportMetric(float64(largest), "largest-B")
}
