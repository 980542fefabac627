package password

import (
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // other systems' hashes; such a hash is replaced at the first sign-in
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/scrypt"
)

// Params are the costs of argon2id (RFC 9106).
type Params struct {
	Memory uint32 // KiB
	Passes uint32
	Lanes  uint8
}

// DefaultParams are those of auth contract, section 6.
func DefaultParams() Params { return Params{Memory: 19456, Passes: 2, Lanes: 1} }

const (
	saltSize = 16
	keySize  = 32
)

// ErrUnsupported is returned for a hash that is of no known kind, malformed, or costs too much to check.
var ErrUnsupported = errors.New("password: hash is not supported")

// What an imported hash may cost: about half a second of one core and 128 MiB. Whoever could make the
// server check a dearer one could stop it.
const (
	maxMemory     = 128 << 10     // KiB, for argon2 and scrypt
	maxFilled     = 3 * maxMemory // KiB that argon2 fills in all its passes
	maxPasses     = 10
	maxLanes      = 8
	maxBcryptCost = 12
	maxRounds     = 1_500_000 // of PBKDF2, for all blocks of the key together; one of SHA-512 counts as three
	maxHash       = 512       // length of the text
	minKey        = 16        // bytes; a shorter one would match by chance
	maxKey        = 128
	maxSalt       = 128
)

// Supported reports whether a hash of another system can be taken over; the error says why not.
func Supported(hash string) error {
	_, err := parse(hash)
	return err
}

// check is a hash that was read.
type check struct {
	params   Params // zero unless it is argon2id of ours
	imported bool
	matches  func(password string) bool
}

// hash makes a PHC string.
func (p Params) hash(password string, salt []byte) string {
	key := argon2.IDKey([]byte(password), salt, p.Passes, p.Memory, p.Lanes, keySize)
	return p.encode(salt, key)
}

func (p Params) encode(salt, key []byte) string {
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.Memory, p.Passes, p.Lanes, encode(salt), encode(key))
}

// parse reads what this and other systems write:
//
//	$argon2id$v=19$m=…,t=…,p=…$salt$key     PHC; argon2i as well
//	$2a$12$…  $2b$  $2y$                     bcrypt
//	$scrypt$ln=…,r=…,p=…$salt$key            PHC
//	$pbkdf2-sha256$i=…$salt$key              PHC; also $rounds$ as passlib writes it; sha1 (no suffix) and sha512
//	pbkdf2_sha256$rounds$salt$key            Django; also its bcrypt$, argon2$ and scrypt$ in front of the above
func parse(hash string) (check, error) {
	if len(hash) > maxHash {
		return check{}, fmt.Errorf("%w: too long", ErrUnsupported)
	}
	switch {
	case strings.HasPrefix(hash, "argon2$argon2"), strings.HasPrefix(hash, "bcrypt$$2"):
		_, hash, _ = strings.Cut(hash, "$")
		hash = "$" + strings.TrimPrefix(hash, "$")
	case strings.HasPrefix(hash, "pbkdf2_"):
		return parsePBKDF2Django(strings.Split(hash, "$"))
	case strings.HasPrefix(hash, "scrypt$"):
		return parseScryptDjango(strings.Split(hash, "$"))
	}
	parts := strings.Split(hash, "$")
	if parts[0] != "" || len(parts) < 3 {
		return check{}, fmt.Errorf("%w: neither PHC nor MCF", ErrUnsupported)
	}
	switch name := parts[1]; name {
	case "argon2id", "argon2i":
		return parseArgon2(name, parts[2:])
	case "2a", "2b", "2y":
		return parseBcrypt(hash)
	case "scrypt":
		return parseScrypt(parts[2:])
	case "pbkdf2", "pbkdf2-sha1", "pbkdf2-sha256", "pbkdf2-sha512":
		return parsePBKDF2(name, parts[2:])
	default:
		return check{}, fmt.Errorf("%w: unknown kind", ErrUnsupported)
	}
}

func parseArgon2(name string, parts []string) (check, error) {
	if len(parts) != 4 || parts[0] != "v=19" {
		return check{}, fmt.Errorf("%w: argon2 of another version", ErrUnsupported)
	}
	costs, err := parseCosts(parts[1], "m", "t", "p")
	if err != nil {
		return check{}, err
	}
	memory, passes, lanes := costs[0], costs[1], costs[2]
	salt, key, err := saltAndKey(parts[2], parts[3], base64.RawStdEncoding)
	if err != nil {
		return check{}, err
	}
	if memory < 8*lanes || memory > maxMemory || passes < 1 || passes > maxPasses || lanes < 1 || lanes > maxLanes || memory*passes > maxFilled {
		return check{}, errCost
	}
	p := Params{Memory: uint32(memory), Passes: uint32(passes), Lanes: uint8(lanes)} //nolint:gosec // checked above
	derive := argon2.IDKey
	c := check{params: p}
	if name == "argon2i" || len(salt) != saltSize || len(key) != keySize {
		c = check{imported: true}
	}
	if name == "argon2i" {
		derive = argon2.Key
	}
	c.matches = func(password string) bool {
		return equal(derive([]byte(password), salt, p.Passes, p.Memory, p.Lanes, uint32(len(key))), key) //nolint:gosec // bounded by maxKey
	}
	return c, nil
}

// parseBcrypt: everybody's bcrypt looks at the first 72 bytes only, so the longer password is believed
// here as the system that made the hash would have believed it.
func parseBcrypt(hash string) (check, error) {
	cost, err := bcrypt.Cost([]byte(hash))
	if err != nil || len(hash) != 60 {
		return check{}, fmt.Errorf("%w: malformed bcrypt", ErrUnsupported)
	}
	if cost > maxBcryptCost {
		return check{}, errCost
	}
	return check{imported: true, matches: func(password string) bool {
		return bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)[:min(len(password), 72)]) == nil
	}}, nil
}

func parseScrypt(parts []string) (check, error) {
	if len(parts) != 3 {
		return check{}, fmt.Errorf("%w: malformed scrypt", ErrUnsupported)
	}
	costs, err := parseCosts(parts[0], "ln", "r", "p")
	if err != nil {
		return check{}, err
	}
	salt, key, err := saltAndKey(parts[1], parts[2], base64.RawStdEncoding)
	if err != nil {
		return check{}, err
	}
	if costs[0] < 1 || costs[0] > 24 {
		return check{}, errCost
	}
	return scryptCheck(salt, key, 1<<costs[0], costs[1], costs[2])
}

func parseScryptDjango(parts []string) (check, error) { // scrypt$salt$N$r$p$key
	if len(parts) != 6 {
		return check{}, fmt.Errorf("%w: malformed scrypt", ErrUnsupported)
	}
	var costs [3]int
	for i, text := range parts[2:5] {
		var err error
		if costs[i], err = parseCost(text); err != nil {
			return check{}, err
		}
	}
	key, err := base64.StdEncoding.DecodeString(parts[5])
	if err != nil {
		return check{}, fmt.Errorf("%w: malformed key", ErrUnsupported)
	}
	return scryptCheck([]byte(parts[1]), key, costs[0], costs[1], costs[2])
}

func scryptCheck(salt, key []byte, n, r, p int) (check, error) {
	if r < 1 || r > 64 || p < 1 || p > maxLanes || n < 2 || n&(n-1) != 0 || n > maxMemory<<10/128/r || n*r*p > maxMemory<<10/128 {
		return check{}, errCost
	}
	if err := checkSizes(salt, key); err != nil {
		return check{}, err
	}
	return check{imported: true, matches: func(password string) bool {
		derived, err := scrypt.Key([]byte(password), salt, n, r, p, len(key))
		return err == nil && equal(derived, key)
	}}, nil
}

// adapted is the base64 of passlib: a dot for the plus.
var adapted = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./").WithPadding(base64.NoPadding)

func parsePBKDF2(name string, parts []string) (check, error) {
	if len(parts) != 3 {
		return check{}, fmt.Errorf("%w: malformed pbkdf2", ErrUnsupported)
	}
	encoding := base64.RawStdEncoding
	var rounds int
	var err error
	if first, named := strings.CutPrefix(parts[0], "i="); named {
		first, _, _ = strings.Cut(first, ",l=") // the length of the key is seen
		rounds, err = parseCost(first)
	} else {
		encoding = adapted
		rounds, err = parseCost(parts[0])
	}
	if err != nil {
		return check{}, err
	}
	salt, key, err := saltAndKey(parts[1], parts[2], encoding)
	if err != nil {
		return check{}, err
	}
	_, digest, found := strings.Cut(name, "-")
	if !found {
		digest = "sha1"
	}
	return pbkdf2Check(digest, rounds, salt, key)
}

func parsePBKDF2Django(parts []string) (check, error) { // pbkdf2_sha256$rounds$salt$key
	if len(parts) != 4 {
		return check{}, fmt.Errorf("%w: malformed pbkdf2", ErrUnsupported)
	}
	rounds, err := parseCost(parts[1])
	if err != nil {
		return check{}, err
	}
	key, err := base64.StdEncoding.DecodeString(parts[3])
	if err != nil {
		return check{}, fmt.Errorf("%w: malformed key", ErrUnsupported)
	}
	return pbkdf2Check(strings.TrimPrefix(parts[0], "pbkdf2_"), rounds, []byte(parts[2]), key)
}

func pbkdf2Check(digest string, rounds int, salt, key []byte) (check, error) {
	var h func() hash.Hash
	switch digest {
	case "sha1":
		h = sha1.New
	case "sha256":
		h = sha256.New
	case "sha512":
		h = sha512.New
	default:
		return check{}, fmt.Errorf("%w: unknown digest", ErrUnsupported)
	}
	if err := checkSizes(salt, key); err != nil {
		return check{}, err
	}
	size := h().Size()
	work := (len(key) + size - 1) / size // each block of the key costs all rounds (RFC 8018, section 5.2)
	if digest == "sha512" {
		work *= 3
	}
	if rounds < 1 || rounds > maxRounds/work {
		return check{}, errCost
	}
	return check{imported: true, matches: func(password string) bool {
		derived, err := pbkdf2.Key(h, password, salt, rounds, len(key))
		return err == nil && equal(derived, key)
	}}, nil
}

var errCost = fmt.Errorf("%w: it costs too much to check", ErrUnsupported)

// parseCosts reads name=value pairs in the given order.
func parseCosts(text string, names ...string) ([]int, error) {
	pairs := strings.Split(text, ",")
	if len(pairs) != len(names) {
		return nil, fmt.Errorf("%w: malformed costs", ErrUnsupported)
	}
	costs := make([]int, len(names))
	for i, pair := range pairs {
		value, found := strings.CutPrefix(pair, names[i]+"=")
		if !found {
			return nil, fmt.Errorf("%w: malformed costs", ErrUnsupported)
		}
		var err error
		if costs[i], err = parseCost(value); err != nil {
			return nil, err
		}
	}
	return costs, nil
}

func parseCost(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return 0, fmt.Errorf("%w: malformed costs", ErrUnsupported)
	}
	return int(n), nil
}

func saltAndKey(saltText, keyText string, encoding *base64.Encoding) (salt, key []byte, err error) {
	if salt, err = encoding.DecodeString(saltText); err == nil {
		key, err = encoding.DecodeString(keyText)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%w: malformed salt or key", ErrUnsupported)
	}
	return salt, key, checkSizes(salt, key)
}

func checkSizes(salt, key []byte) error {
	if len(salt) == 0 || len(salt) > maxSalt || len(key) < minKey || len(key) > maxKey {
		return fmt.Errorf("%w: salt of %d bytes, key of %d", ErrUnsupported, len(salt), len(key))
	}
	return nil
}

func equal(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }
