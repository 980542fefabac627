package httpapi

import (
	"slices"

	"maska/internal/mfa"
	"maska/internal/session"
	"maska/internal/view"
	viewaccount "maska/internal/view/account"
)

// factors serves GET /api/auth/mfa: how the own account is protected.
func (a *API) factors(c *call, _ struct{}) (viewaccount.Protection, error) {
	found, err := a.sessions.Factors(c.Context(), c.actor)
	if err != nil {
		return viewaccount.Protection{}, err
	}
	if a.origin(c) == "" {
		found.Available = slices.DeleteFunc(found.Available, func(kind session.FactorKind) bool { return kind == session.FactorPasskey })
	}
	return viewaccount.ProtectionOf(c.actor.Account, found), nil
}

type mfaForBody struct {
	MFAFor string `json:"mfaFor" enum:"password,all" description:"after a password, or also after other proofs on a new device"`
}

// changeMFAFor serves PATCH /api/auth/mfa.
func (a *API) changeMFAFor(c *call, in mfaForBody) (viewaccount.Protection, error) {
	changed, err := a.sessions.SetMFAFor(c.Context(), c.actor, in.MFAFor, c.client)
	if err != nil {
		return viewaccount.Protection{}, err
	}
	c.actor.Account = changed
	return a.factors(c, struct{}{})
}

type enrolled struct {
	FactorID string `json:"factorId"`
}

type enrolledTOTP struct {
	enrolled
	Secret string `json:"secret" description:"base32, for typing"`
	URI    string `json:"otpauthUri" description:"for a QR code"`
}

func (a *API) enrolTOTP(c *call, _ struct{}) (enrolledTOTP, error) {
	e, err := a.sessions.EnrolTOTP(c.Context(), c.actor)
	return enrolledTOTP{enrolled: enrolled{FactorID: e.ID}, Secret: e.Secret, URI: e.URI}, err
}

func (a *API) enrolEmail(c *call, _ struct{}) (enrolled, error) {
	e, err := a.sessions.EnrolEmail(c.Context(), c.actor)
	return enrolled{FactorID: e.ID}, err
}

type phoneBody struct {
	Phone string `json:"phone" description:"international, such as +4915112345678"`
}

func (a *API) enrolSMS(c *call, in phoneBody) (enrolled, error) {
	e, err := a.sessions.EnrolSMS(c.Context(), c.actor, in.Phone, c.client)
	return enrolled{FactorID: e.ID}, err
}

type activation struct {
	FactorID string `json:"factorId"`
	Code     string `json:"code"`
}

type recoveryCodes struct {
	Codes []string `json:"recoveryCodes" description:"shown once; each is good once"`
}

// activateFactor serves the activation of factors of a kind.
func activateFactor(kind session.FactorKind) func(*API, *call, activation) (recoveryCodes, error) {
	return func(a *API, c *call, in activation) (recoveryCodes, error) {
		codes, err := a.sessions.ActivateFactor(c.Context(), c.actor, kind, in.FactorID, in.Code, c.client)
		return recoveryCodes{Codes: codes}, err
	}
}

func (a *API) renewRecoveryCodes(c *call, _ struct{}) (recoveryCodes, error) {
	codes, err := a.sessions.RenewRecoveryCodes(c.Context(), c.actor, c.client)
	return recoveryCodes{Codes: codes}, err
}

type factorPath struct {
	ID string `path:"factorId"`
}

func (a *API) removeFactor(c *call, in factorPath) (struct{}, error) {
	return struct{}{}, a.sessions.RemoveFactor(c.Context(), c.actor, in.ID, c.client)
}

type askBody struct {
	Token  string             `json:"mfa_token"`
	Factor session.FactorKind `json:"factor" enum:"totp,email,sms,recovery,passkey"`
}

type asked struct {
	Passkey *mfa.RequestOptions `json:"passkey,omitempty" description:"with factor passkey: what to ask the authenticator for"`
}

// askFactor serves POST /api/auth/mfa/challenge: sends the code that a factor needs.
func (a *API) askFactor(c *call, in askBody) (asked, error) {
	options, err := a.sessions.AskFactor(c.Context(), in.Token, in.Factor, a.origin(c))
	return asked{Passkey: options}, err
}

type proofBody struct {
	Token  string             `json:"mfa_token"`
	Factor session.FactorKind `json:"factor" enum:"totp,email,sms,recovery,passkey"`
	Code   string             `json:"code" description:"with factor passkey: the JSON of the authenticator's answer"`
	Trust  bool               `json:"trustDevice,omitempty" description:"do not ask on this device (X-Device-Id) for 30 days"`
}

// proveFactor serves POST /api/auth/mfa/verify: completes a sign-in that answered mfa_required.
func (a *API) proveFactor(c *call, in proofBody) (viewaccount.TokenSet, error) {
	proof := session.FactorProof{Token: in.Token, Factor: in.Factor, Code: in.Code, Trust: in.Trust, Origin: a.origin(c)}
	tokens, err := a.sessions.ProveFactor(c.Context(), proof, c.client, c.lang)
	if err != nil {
		return viewaccount.TokenSet{}, err
	}
	return viewaccount.TokenSetOf(tokens, view.AvatarURL), nil
}
