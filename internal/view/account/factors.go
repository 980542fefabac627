package account

import (
	"time"

	"maska/internal/account"
	"maska/internal/session"
)

// Factors is how an account is protected, as its owner sees it.
type Factors struct {
	MFAEnabled    bool                 `json:"mfaEnabled"`
	MFAFor        string               `json:"mfaFor" enum:"password,all" description:"after a password, or also after other proofs on a new device"`
	Factors       []Factor             `json:"factors"`
	RecoveryCodes int                  `json:"recoveryCodesLeft"`
	Available     []session.FactorKind `json:"available" description:"what can be enrolled"`
}

// Factor is one second factor or passkey.
type Factor struct {
	ID        string             `json:"id"`
	Kind      session.FactorKind `json:"kind" enum:"totp,email,sms,passkey"`
	Name      string             `json:"name"`
	CreatedAt time.Time          `json:"createdAt"`
}

// FactorsOf shows the factors of an account to its owner.
func FactorsOf(a account.Account, found session.Factors) Factors {
	all := Factors{MFAEnabled: len(found.Active) > 0, MFAFor: a.MFAFor, RecoveryCodes: found.RecoveryCodes, Available: found.Available}
	for _, f := range found.Active {
		all.Factors = append(all.Factors, Factor{ID: f.ID, Kind: f.Kind, Name: f.Name, CreatedAt: f.CreatedAt.UTC()})
	}
	return all
}
