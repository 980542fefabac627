package loadtest

import (
	"bytes"
	"encoding/json"
	"strings"
)

const (
	rateLimited = "rate_limited"
	// limitsAdvice says what to do about it.
	limitsAdvice = "a server that is put under load must run with RATE_LIMITS=off"
)

// refused is what a server said instead of yes, as one line.
type refused struct{ code, message string }

func (r *refused) Error() string {
	switch r.code {
	case rateLimited:
		return r.code + ": " + limitsAdvice
	case "":
		return r.message
	}
	return r.code + ": " + r.message
}

// readRefusal takes code and message out of a problem of REST, an ack or an event. What another server
// wrote otherwise stays as it is.
func readRefusal(text []byte) *refused {
	var got struct {
		Code    string          `json:"code"`
		Message string          `json:"message"`
		Error   json.RawMessage `json:"error"` // an object around the two in an ack, words in a problem
	}
	start := max(bytes.IndexByte(text, '{'), 0)
	if err := json.NewDecoder(bytes.NewReader(text[start:])).Decode(&got); err == nil {
		if got.Code == "" && bytes.HasPrefix(got.Error, []byte("{")) {
			err = json.Unmarshal(got.Error, &got)
		}
		if err == nil && got.Code != "" {
			return &refused{code: got.Code, message: got.Message}
		}
	}
	const longest = 200
	return &refused{message: strings.ToValidUTF8(string(text[:min(len(text), longest)]), "")}
}
