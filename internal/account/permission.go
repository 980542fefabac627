package account

import "slices"

// Permission is something that not everybody may do.
type Permission string

// The permissions.
const (
	ManageAccounts Permission = "manage_accounts" // find accounts, change their roles, disable them, end their sessions
	ReadAudit      Permission = "read_audit"      // of all accounts
)

// permissions says what each role adds to those below it.
var permissions = map[Role][]Permission{
	RoleAdmin: {ManageAccounts, ReadAudit},
}

// ranks orders the roles: each includes those before it.
var ranks = []Role{RoleUser, RoleModerator, RoleAdmin}

// May reports whether one of the account's roles permits something.
func (a Account) May(p Permission) bool {
	return slices.ContainsFunc(Including(a.Roles), func(r Role) bool { return slices.Contains(permissions[r], p) })
}

// Including returns the highest of the roles and all that it includes; everybody is a user. Names that
// are no roles count for nothing.
func Including(roles []Role) []Role {
	top := 0
	for _, role := range roles {
		top = max(top, slices.Index(ranks, role))
	}
	return slices.Clone(ranks[:top+1])
}

// IsRole tells whether a text names a role.
func IsRole(text string) bool { return slices.Contains(ranks, Role(text)) }
