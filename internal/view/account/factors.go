package account

import (
	"time"

	"maska/internal/account"
	"maska/internal/session"
)

// Protection is how an account is protected, as its owner sees it.
type Protection struct {
	MFAEnabled    bool                 `json:"mfaEnabled"`
	MFAFor        string               `json:"mfaFor" enum:"password,all" description:"after a password, or also after other proofs on a new device"`
	Factors       []ActiveFactor       `json:"factors"`
	RecoveryCodes int                  `json:"recoveryCodesLeft"`
	Available     []session.FactorKind `json:"available" description:"what can be enrolled"`
}

// ActiveFactor is one second factor or passkey.
type ActiveFactor struct {
	ID        string             `json:"id"`
	Kind      session.FactorKind `json:"kind" enum:"totp,email,sms,passkey"`
	Name      string             `json:"name"`
	CreatedAt time.Time          `json:"createdAt"`
}

// ProtectionOf shows the factors of an account to its owner.
func ProtectionOf(a account.Account, found session.Factors) Protection {
	all := Protection{MFAEnabled: len(found.Active) > 0, MFAFor: a.MFAFor, RecoveryCodes: found.RecoveryCodes, Available: found.Available}
	for _, f := range found.Active {
		all.Factors = append(all.Factors, ActiveFactor{ID: f.ID, Kind: f.Kind, Name: f.Name, CreatedAt: f.CreatedAt.UTC()})
	}
	return all
}
