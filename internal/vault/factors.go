package vault

import "encoding/binary"

// CodeTag stands for a code that was given to an account. Without the key nothing is learned by
// trying all codes.
func (v *Vault) CodeTag(account int64, code string) Tag {
	return mac(v.tag, append(binary.BigEndian.AppendUint64([]byte("code:"), uint64(account)), code...)) //nolint:gosec // the bits of the id
}

// CredentialTag finds a passkey by the id of its credential.
func (v *Vault) CredentialTag(id []byte) Tag { return mac(v.tag, append([]byte("passkey:"), id...)) }

// Handle is an account as authenticators know it. It cannot be compared with anything else that is
// kept of the account.
func (v *Vault) Handle(account int64) Tag {
	return mac(v.tag, binary.BigEndian.AppendUint64([]byte("handle:"), uint64(account))) //nolint:gosec // the bits of the id
}
