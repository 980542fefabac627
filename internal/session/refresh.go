package session

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"

	"maska/internal/errs"
)

// A refresh token names a key, a session and a generation and proves them; the store keeps no part
// of it (auth contract, section 7.2):
//
//	"rt1." base64url( key id 4 | session 16 | generation 8 | HMAC-SHA-256 over these and the session's salt 32 )
const (
	refreshPrefix = "rt1."
	keyIDSize     = 4
	sessionSize   = 16
	refreshSize   = keyIDSize + sessionSize + 8 + sha256.Size
	// maxRefreshToken is the longest text that is looked at, in bytes.
	maxRefreshToken = 128
)

// strict refuses text that decodes but is not what the encoder writes.
var strict = base64.RawURLEncoding.Strict()

// refreshClaim is what a refresh token says before it is believed.
type refreshClaim struct {
	session    string
	generation int64
	signed     []byte
	proof      []byte
}

type refreshKey []byte

func (k refreshKey) sign(s Session) string {
	body := make([]byte, 0, refreshSize)
	body = append(body, k.id()...)
	id, err := strict.DecodeString(s.ID)
	if err != nil || len(id) != sessionSize {
		return "" // such a session cannot come from the store
	}
	body = append(body, id...)
	body = binary.BigEndian.AppendUint64(body, uint64(s.Generation)) //nolint:gosec // counts from 1
	return refreshPrefix + strict.EncodeToString(append(body, k.proof(body, s.Salt)...))
}

func (k refreshKey) parse(token string) (refreshClaim, error) {
	text, ours := strings.CutPrefix(token, refreshPrefix)
	if len(token) > maxRefreshToken || !ours || strings.ContainsAny(text, "\r\n") { // the decoder skips line ends
		return refreshClaim{}, errs.New(errs.RefreshTokenInvalid)
	}
	body, err := strict.DecodeString(text)
	if err != nil || len(body) != refreshSize || !hmac.Equal(body[:keyIDSize], k.id()) {
		return refreshClaim{}, errs.New(errs.RefreshTokenInvalid)
	}
	signed, proof := body[:refreshSize-sha256.Size], body[refreshSize-sha256.Size:]
	generation := binary.BigEndian.Uint64(signed[keyIDSize+sessionSize:])
	if generation == 0 || generation > 1<<62 {
		return refreshClaim{}, errs.New(errs.RefreshTokenInvalid)
	}
	return refreshClaim{
		session:    strict.EncodeToString(signed[keyIDSize : keyIDSize+sessionSize]),
		generation: int64(generation), signed: signed, proof: proof,
	}, nil
}

func (k refreshKey) proves(claim refreshClaim, salt []byte) bool {
	return hmac.Equal(claim.proof, k.proof(claim.signed, salt))
}

func (k refreshKey) proof(signed, salt []byte) []byte {
	mac := hmac.New(sha256.New, k)
	mac.Write(signed)
	mac.Write(salt)
	return mac.Sum(nil)
}

func (k refreshKey) id() []byte {
	sum := sha256.Sum256(k)
	return sum[:keyIDSize]
}
